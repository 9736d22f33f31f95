import { hash, verify } from '@node-rs/argon2';

/** OWASP's first choice for argon2id: 19 MiB, two passes, one lane. @node-rs/argon2 uses argon2id by default. */
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

let dummy: Promise<string> | undefined;

/** A password's hash, argon2id in PHC string format. */
export function hashPassword(password: string): Promise<string> {
  return hash(password, COST);
}

/** Whether it is the hash of a password at all: the first administrator has none until one is set. */
export function hasPassword(passwordHash: string): boolean {
  return passwordHash.startsWith('$argon2');
}

/** Whether a password belongs to a hash. Without one (no such user, no password) it takes as long, and is false. */
export async function verifyPassword(passwordHash: string | undefined, password: string): Promise<boolean> {
  dummy ??= hashPassword('nobody has this password');
  const known = passwordHash !== undefined && hasPassword(passwordHash);
  const matches = await verify(known ? passwordHash : await dummy, password);
  return matches && known;
}

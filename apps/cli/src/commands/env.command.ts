/** `dura env`: shell exports for this product's and CloudStack's tools. */
import { loadAdminAccess } from '../api/admin-access.js';
import { describeHome, homeDirectory } from '../instance/home.js';

/** Environment variables by what they hold. */
const NAMES = {
  url: ['DURASTACK_API_URL', 'CLOUDSTACK_API_URL', 'CLOUDSTACK_ENDPOINT'],
  apiKey: ['DURASTACK_API_KEY', 'CLOUDSTACK_API_KEY', 'CLOUDSTACK_KEY'],
  secretKey: ['DURASTACK_SECRET_KEY', 'CLOUDSTACK_SECRET_KEY', 'CLOUDSTACK_SECRET'],
} as const;

/** Prints them. @returns exit code */
export async function envCommand(): Promise<number> {
  const access = loadAdminAccess(describeHome(homeDirectory()));
  const lines = Object.entries(NAMES).flatMap(([member, names]) =>
    names.map((name) => `export ${name}=${quote(access[member as keyof typeof NAMES])}`),
  );
  process.stdout.write(`${lines.join('\n')}\n`);
  return 0;
}

/** A word that a POSIX shell reads as it is. */
export function quote(value: string): string {
  return `'${value.replaceAll("'", String.raw`'\''`)}'`;
}

import { DurastackError } from '@durastack/contracts/errors';
import { z } from 'zod';

const PREFIX = 'DURASTACK_';

/** `databaseUrl` → `DURASTACK_DATABASE_URL`. */
export function environmentName(key: string): string {
  return PREFIX + key.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toUpperCase();
}

/**
 * Reads an app's settings from the environment.
 *
 * Keys of `schema` are camelCase; the variable of `databaseUrl` is `DURASTACK_DATABASE_URL`. Values are texts:
 * use `z.coerce` for numbers. A `DURASTACK_` variable that no key names is refused, so that a typing error never
 * becomes a silent default. `DURASTACK_HOME` belongs to the `dura` command and is let pass.
 *
 * @throws DurastackError MISCONFIGURED naming every bad or unknown variable, on one line
 */
export function loadConfig<S extends z.ZodObject>(schema: S, env: NodeJS.ProcessEnv): z.infer<S> {
  const byVariable = new Map(Object.keys(schema.shape).map((key) => [environmentName(key), key]));
  const faults: string[] = [];
  const input: Record<string, string> = {};
  for (const [variable, value] of Object.entries(env)) {
    if (!variable.startsWith(PREFIX) || variable === 'DURASTACK_HOME' || value === undefined) continue;
    const key = byVariable.get(variable);
    if (key === undefined) faults.push(`${variable} is not a setting of this program`);
    else input[key] = value;
  }
  const parsed = schema.safeParse(input);
  if (!parsed.success) {
    for (const issue of parsed.error.issues) {
      const key = String(issue.path[0] ?? '');
      const given = input[key] === undefined ? 'is not set' : `is malformed: ${issue.message}`;
      faults.push(`${environmentName(key)} ${given}`);
    }
  }
  if (faults.length > 0 || !parsed.success) {
    throw new DurastackError('MISCONFIGURED', `Settings refused: ${faults.join('; ')}. See docs/operations.md.`);
  }
  return parsed.data;
}

/** A `host:port` setting as its parts. IPv6 addresses stand in brackets. */
export const listenAddress = z
  .string()
  .regex(/^(\[[0-9a-f:]+\]|[^:[\]]+):\d{1,5}$/, 'expected host:port')
  .transform((value) => {
    const colon = value.lastIndexOf(':');
    return { host: value.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(value.slice(colon + 1)) };
  });
/** See {@link listenAddress}. */
export type ListenAddress = z.infer<typeof listenAddress>;

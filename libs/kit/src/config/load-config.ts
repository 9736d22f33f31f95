import { readFileSync } from 'node:fs';
import { DurastackError } from '@durastack/contracts/errors';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';

const PREFIX = 'DURASTACK_';
/** Names a settings file; belongs to every program. */
const FILE_VARIABLE = 'DURASTACK_CONFIG_FILE';
/** Belongs to the `dura` command, and is let pass. */
const HOME_VARIABLE = 'DURASTACK_HOME';

/** `databaseUrl` → `DURASTACK_DATABASE_URL`. */
export function environmentName(key: string): string {
  return PREFIX + key.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toUpperCase();
}

/**
 * Reads a program's settings: from the file that `DURASTACK_CONFIG_FILE` names (YAML or JSON, camelCase keys), and
 * from the environment, which counts more.
 *
 * Keys of `schema` are camelCase; the variable of `databaseUrl` is `DURASTACK_DATABASE_URL`. Values are texts:
 * use `z.coerce` for numbers. What no key names is refused, so that a typing error never becomes a silent default.
 *
 * @throws DurastackError MISCONFIGURED naming every bad or unknown setting, on one line
 */
export function loadConfig<S extends z.ZodObject>(schema: S, env: NodeJS.ProcessEnv): z.infer<S> {
  const faults: string[] = [];
  const fromFile = readSettingsFile(env[FILE_VARIABLE], Object.keys(schema.shape), faults);
  const input = { ...fromFile, ...readEnvironment(env, Object.keys(schema.shape), faults) };
  const parsed = schema.safeParse(input);
  if (!parsed.success) {
    for (const issue of parsed.error.issues) {
      const key = String(issue.path[0] ?? '');
      const given = input[key] === undefined ? 'is not set' : `is malformed: ${issue.message}`;
      faults.push(`${environmentName(key)}${key in fromFile ? ` (${key} in the file)` : ''} ${given}`);
    }
  }
  if (faults.length > 0 || !parsed.success) {
    throw new DurastackError('MISCONFIGURED', `Settings refused: ${faults.join('; ')}. See docs/operations.md.`);
  }
  return parsed.data;
}

function readEnvironment(env: NodeJS.ProcessEnv, keys: readonly string[], faults: string[]): Record<string, string> {
  const byVariable = new Map(keys.map((key) => [environmentName(key), key]));
  const input: Record<string, string> = {};
  for (const [variable, value] of Object.entries(env)) {
    if (!variable.startsWith(PREFIX) || variable === HOME_VARIABLE || variable === FILE_VARIABLE) continue;
    const key = byVariable.get(variable);
    if (key === undefined) faults.push(`${variable} is not a setting of this program`);
    else if (value !== undefined) input[key] = value;
  }
  return input;
}

function readSettingsFile(path: string | undefined, keys: readonly string[], faults: string[]): Record<string, string> {
  if (path === undefined) return {};
  let content: unknown;
  try {
    // JSON is YAML too.
    content = parseYaml(readFileSync(path, 'utf8')) ?? {};
  } catch (cause) {
    throw new DurastackError('MISCONFIGURED', `The settings file ${path} cannot be read as YAML or JSON.`, { cause });
  }
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    throw new DurastackError(
      'MISCONFIGURED',
      `The settings file ${path} holds no settings; expected lines of key: value.`,
    );
  }
  const input: Record<string, string> = {};
  for (const [key, value] of Object.entries(content)) {
    if (!keys.includes(key)) faults.push(`${key} in ${path} is not a setting of this program`);
    else if (typeof value === 'object') faults.push(`${key} in ${path} is not a plain value`);
    else input[key] = String(value);
  }
  return input;
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

/** Milliseconds between two heartbeats of a host: what the API tells agents, and the worker counts with. */
export const heartbeatInterval = z.coerce.number().int().min(500).max(60_000).default(5_000);

/** Runs the scripts that the owner of a host has for its maintenance. */
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  AVOID_MAINTENANCE_STATUS,
  type MaintenanceHookParams,
  type MaintenanceHookResult,
} from '@durastack/contracts/agent/maintenance-hook';
import { DurastackError, isDurastackError } from '@durastack/contracts/errors';
import { run } from './run.js';

const OUTPUT_CHARACTERS = 4_000;
const WRITABLE_BY_OTHERS = 0o022;

/**
 * Runs the script of a stage, if the directory has one, with the payload as its first argument.
 *
 * @throws DurastackError FORBIDDEN when others than root and the agent could have written the script; STEP_REFUSED
 *   with its last words when it fails; TIMEOUT, CANCELLED: it was ended
 */
export async function runMaintenanceHook(
  directory: string,
  { stage, payload, timeoutMs }: MaintenanceHookParams,
  { signal }: { readonly signal: AbortSignal },
): Promise<MaintenanceHookResult> {
  const script = join(directory, stage);
  if (!(await isThere(script))) return { outcome: 'absent', output: '' };
  for (const path of [directory, script]) await requireOwn(path);
  const args = payload === undefined ? [] : [payload];
  try {
    const output = await run(script, args, { timeoutMs, signal });
    return { outcome: 'done', output: output.trim().slice(-OUTPUT_CHARACTERS) };
  } catch (error) {
    if (!isDurastackError(error) || error.details['exitCode'] !== AVOID_MAINTENANCE_STATUS) throw error;
    return { outcome: 'avoid', output: String(error.details['stderr'] ?? '').slice(-OUTPUT_CHARACTERS) };
  }
}

async function isThere(script: string): Promise<boolean> {
  try {
    await access(script, constants.X_OK);
    return true;
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return false;
    throw new DurastackError('STEP_REFUSED', `The maintenance script ${script} cannot be run (${code}).`, { cause });
  }
}

async function requireOwn(path: string): Promise<void> {
  const { uid, mode } = await stat(path);
  const own = uid === 0 || uid === process.getuid?.();
  if (own && (mode & WRITABLE_BY_OTHERS) === 0) return;
  throw new DurastackError(
    'FORBIDDEN',
    `${path} belongs to user ${uid} with mode ${(mode & 0o777).toString(8)}: it must be root's or the agent's, and writable by no one else.`,
  );
}

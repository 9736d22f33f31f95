/** Reads the few settings of a systemd unit that a lab host obeys; whatever else stands there is not looked at. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { DurastackError } from '@durastack/contracts/errors';
import { HOST_PLACES } from './host-spec.js';
import type { ServicePlan } from './service.js';

/** Where units of the host are installed. */
export const UNIT_FOLDER = '/etc/systemd/system';

const DEFAULT_STOP_TIMEOUT_S = 90;
const DEFAULT_RESTART_S = 0.1;

/**
 * A unit as a service.
 *
 * @param name e.g. `durastack-agent.service`
 * @returns undefined when there is no such unit
 * @throws STEP_REFUSED for one without a plain ExecStart
 */
export function readUnit(name: string): ServicePlan | undefined {
  const path = join(UNIT_FOLDER, name);
  if (!existsSync(path)) return undefined;
  return parseUnit(name, readFileSync(path, 'utf8'));
}

/** See {@link readUnit}. */
export function parseUnit(name: string, text: string): ServicePlan {
  const settings = new Map<string, string>();
  for (const [, key = '', value = ''] of text.matchAll(/^([A-Za-z]+)=(.*)$/gm)) settings.set(key, value.trim());
  const [program, ...args] = (settings.get('ExecStart') ?? '').split(/\s+/);
  if (!program?.startsWith('/')) {
    throw new DurastackError('STEP_REFUSED', `The unit ${name} has no ExecStart with an absolute path.`);
  }
  const condition = settings.get('ConditionPathExists');
  const environmentFile = settings.get('EnvironmentFile');
  return {
    name,
    command: [program, ...args],
    ...(environmentFile === undefined ? {} : { env: readEnvironment(environmentFile) }),
    ...(condition === undefined ? {} : { condition }),
    restartDelayMs: Number(settings.get('RestartSec') ?? DEFAULT_RESTART_S) * 1_000,
    stopTimeoutMs: Number(settings.get('TimeoutStopSec') ?? DEFAULT_STOP_TIMEOUT_S) * 1_000,
    logFile: join(HOST_PLACES.logs, `${name}.log`),
  };
}

function readEnvironment(path: string): Record<string, string> {
  if (!existsSync(path)) return {};
  const entries = Object.entries(parseEnv(readFileSync(path, 'utf8')));
  return Object.fromEntries(entries.flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])));
}

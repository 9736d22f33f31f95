/** Runs programs on a lab host, as root, in all of its namespaces. */
import { spawn } from 'node:child_process';
import { run, type RunOptions, type RunResult } from '../system/run.js';
import { DurastackError } from '@durastack/contracts/errors';
import { initPid } from './host/power.js';
import type { LabHost } from './lab-file.js';

/** Arguments of `nsenter` that put a program onto a host. HOST_UNREACHABLE when it is off. */
function enter(host: LabHost): string[] {
  const pid = initPid(host.directory);
  if (pid === undefined) {
    const message = `${host.plan.name} is off; switch it on with "dura lab heal ${host.plan.name}".`;
    throw new DurastackError('HOST_UNREACHABLE', message);
  }
  return ['--target', String(pid), '--mount', '--uts', '--ipc', '--net', '--pid', '--'];
}

/** Runs a program there with the caller's terminal. @returns its exit code */
export async function execInHost(host: LabHost, command: readonly string[]): Promise<number> {
  const child = spawn('nsenter', [...enter(host), ...command], { stdio: 'inherit' });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });
}

/** Runs a program there and keeps what it prints. */
export async function runInHost(
  host: LabHost,
  command: readonly string[],
  options: RunOptions = {},
): Promise<RunResult> {
  return run('nsenter', [...enter(host), ...command], options);
}

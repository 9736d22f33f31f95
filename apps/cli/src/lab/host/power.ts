/**
 * Power of a lab host: on makes its namespaces and first process, off ends all of it at once.
 *
 * Everything that runs on a host is in one PID namespace, whose first process takes all others with it when it is
 * killed: machines, switch, agent, whatever they started. Who runs is known by pid and start time, never by name.
 */
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { DurastackError } from '@durastack/contracts/errors';
import { startDetached } from '@durastack/drivers/process/detached';
import { tryLock } from '../../instance/file-lock.js';
import { identify, isRunning, killProcess } from '../../instance/processes.js';
import { tellingLine } from '../../instance/log-file.js';
import { connectHost, disconnectHost, switchCable } from '../fabric.js';
import type { HostPlan } from '../lab-plan.js';
import { PULLED_BY, readFaults, writeFaults } from './fault-file.js';
import { HOST_PLACES, hostFiles } from './host-spec.js';

const identity = z.object({ pid: z.int(), startTime: z.string(), bootId: z.string() });

const powerState = z.object({
  /** What the power switch says; a host whose first process crashed is `on` and does not run. */
  power: z.enum(['on', 'off']),
  /** Of the present start of the host. */
  bootId: z.string(),
  /** Its first process, as this machine numbers it. */
  init: identity.optional(),
});
/** See {@link powerState}. */
export type PowerState = z.infer<typeof powerState>;

/** A host that power can be given to. */
export interface PoweredHost {
  readonly instance: string;
  readonly directory: string;
  readonly plan: HostPlan;
}

const LOCK_TIMEOUT_MS = 120_000;
const READY_TIMEOUT_MS = 120_000;
const SHUTDOWN_TIMEOUT_MS = 60_000;
const POLL_MS = 50;

/** Reads what is known of a host's power; a host that was never on is off. */
export function readPower(directory: string): PowerState {
  const file = hostFiles(directory).power;
  if (!existsSync(file)) return { power: 'off', bootId: '' };
  return powerState.parse(JSON.parse(readFileSync(file, 'utf8')));
}

/** Pid of the host's first process; undefined when it does not run. */
export function initPid(directory: string): number | undefined {
  const { init } = readPower(directory);
  return isRunning(init) ? init.pid : undefined;
}

/** A path of the host's file system as this machine reaches it, sockets included. */
export function pathInHost(directory: string, path: string): string {
  const pid = initPid(directory);
  if (pid === undefined) {
    throw new DurastackError('HOST_UNREACHABLE', 'The host is off; switch it on with "dura lab heal".');
  }
  return `/proc/${pid}/root${path}`;
}

/** Switches it on, and waits until its services answer. Nothing happens to one that runs. */
export function powerOn(host: PoweredHost): Promise<void> {
  return withPowerLock(host, async () => {
    if (initPid(host.directory) === undefined) await start(host);
  });
}

/** Cuts the power: everything of the host ends at once. */
export function powerOff(host: PoweredHost): Promise<void> {
  return withPowerLock(host, () => end(host));
}

/** Cuts the power and gives it again. */
export function powerCycle(host: PoweredHost): Promise<void> {
  return withPowerLock(host, async () => {
    await end(host);
    await start(host);
  });
}

/** Presses the power button: services stop in order; one that hangs loses power after a minute. */
export function shutDown(host: PoweredHost): Promise<void> {
  return withPowerLock(host, async () => {
    const pid = initPid(host.directory);
    if (pid !== undefined) {
      process.kill(pid, 'SIGTERM');
      const deadline = performance.now() + SHUTDOWN_TIMEOUT_MS;
      while (initPid(host.directory) !== undefined && performance.now() < deadline) await sleep(POLL_MS);
    }
    await end(host);
  });
}

async function start({ instance, directory, plan }: PoweredHost): Promise<void> {
  const files = hostFiles(directory);
  const bootId = randomUUID();
  await disconnectHost(instance, plan);
  writeFileSync(files.bootId, `${bootId}\n`);
  await connectHost(instance, plan);
  // The agent comes again with the host; a cable does not plug itself in.
  const faults = readFaults(directory).filter((fault) => fault !== 'agent');
  writeFaults(directory, faults);
  for (const kind of faults.flatMap((fault) => PULLED_BY[fault] ?? [])) {
    await switchCable(instance, kind, plan.cables[kind], false);
  }
  const main = fileURLToPath(new URL('init-main.js', import.meta.url));
  const separate = ['--mount', '--uts', '--ipc', '--pid', '--cgroup', '--fork', '--mount-proc', '--kill-child'];
  const parent = await startDetached({
    file: 'ip',
    args: [
      ...['netns', 'exec', plan.namespace, 'unshare', ...separate],
      ...['tini', '--', process.execPath, main, directory],
    ],
    logFile: files.console,
  });
  const init = identify(await onlyChild(parent, files.console));
  write(directory, { power: 'on', bootId, ...(init === undefined ? {} : { init }) });
  await untilReady(directory);
}

async function end({ instance, directory, plan }: PoweredHost): Promise<void> {
  const { init, bootId } = readPower(directory);
  write(directory, { power: 'off', bootId, ...(init === undefined ? {} : { init }) });
  if (init !== undefined) await killProcess(init);
  write(directory, { power: 'off', bootId });
  await disconnectHost(instance, plan);
}

/** `unshare` becomes a parent that waits; its child is the first process in the new namespaces. */
async function onlyChild(parent: number, log: string): Promise<number> {
  const file = `/proc/${parent}/task/${parent}/children`;
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const [child] = existsSync(file) ? readFileSync(file, 'utf8').trim().split(' ') : [];
    if (child) return Number(child);
    await sleep(10);
  }
  throw new DurastackError('ENVIRONMENT', `The host could not be started: ${tellingLine(log)}`);
}

async function untilReady(directory: string): Promise<void> {
  const deadline = performance.now() + READY_TIMEOUT_MS;
  for (;;) {
    const pid = initPid(directory);
    const said = (): string => tellingLine(hostFiles(directory).console);
    if (pid === undefined) throw new DurastackError('ENVIRONMENT', `The host ended while it started: ${said()}`);
    if (existsSync(`/proc/${pid}/root${HOST_PLACES.ready}`)) return;
    if (performance.now() > deadline) {
      throw new DurastackError('TIMEOUT', `The host did not start within ${READY_TIMEOUT_MS / 1000} s: ${said()}`);
    }
    await sleep(POLL_MS);
  }
}

function write(directory: string, state: PowerState): void {
  const { power } = hostFiles(directory);
  writeFileSync(`${power}.part`, `${JSON.stringify(state)}\n`);
  renameSync(`${power}.part`, power);
}

/** The command line and the management controller may both reach for the switch. */
async function withPowerLock(host: PoweredHost, work: () => Promise<void>): Promise<void> {
  const deadline = performance.now() + LOCK_TIMEOUT_MS;
  // A lab that was killed on its way up may not have come so far.
  mkdirSync(host.directory, { recursive: true });
  for (;;) {
    const lock = await tryLock(hostFiles(host.directory).lock);
    if (lock !== undefined) {
      try {
        return await work();
      } finally {
        lock.release();
      }
    }
    if (performance.now() > deadline) {
      throw new DurastackError('BACKEND_BUSY', `Another program is switching ${host.plan.name}; try again.`);
    }
    await sleep(POLL_MS);
  }
}

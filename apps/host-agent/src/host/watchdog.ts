/**
 * The host's hardware watchdog, by which a host that has lost the control plane ends by itself.
 *
 * The agent feeds it only while the host has a lease: a heartbeat that was answered grants one, from the moment at which
 * it was sent. When the lease runs out the feeding ends, and the hardware starts the host anew; nothing that this
 * process does or fails to do can keep that from happening. That is why the control plane may take it for proof that
 * nothing of the host runs any more, once lease and period are over; this process's own timers prove nothing.
 *
 * So only hardware counts, and only one that cannot be stopped any more: most drivers stop the watchdog when the file
 * is closed, which would let a host whose agent was killed live on. The lease outlives the process: an agent that is
 * started anew while the control plane is away goes on feeding to the end of it.
 */
import { closeSync, constants, openSync, readFileSync, statSync, writeSync } from 'node:fs';
import { basename, join } from 'node:path';
import { DurastackError } from '@durastack/contracts/errors';
import type { Heartbeat } from '@durastack/contracts/agent/wire';
import type { Logger } from '@durastack/kit/log/logger';
import { z } from 'zod';
import { readJsonFile, writeDurableFile } from '../files/durable-file.js';

/** So often within its period it is fed. */
const FEEDS = 4;
const SYSFS = '/sys/class/watchdog';
const NS_PER_MS = 1_000_000n;

/** What the watchdog works with. */
export interface WatchdogParts {
  /** Its device. */
  readonly device: string;
  /** After how long without being fed it acts; undefined: as the kernel tells. */
  readonly periodMs: number | undefined;
  /** For how long an answered heartbeat lets it be fed. */
  readonly leaseMs: number;
  /** Where the lease is remembered; the agent's own. */
  readonly directory: string;
  readonly bootId: string;
  readonly log: Logger;
}

const remembered = z.object({ bootId: z.string(), untilMs: z.number() });

/** See the module's head. */
export class Watchdog {
  private readonly periodMs: number;
  private readonly file: string;
  private descriptor: number | undefined;
  private timer: NodeJS.Timeout | undefined;
  private untilMs: number;
  private isFed = false;

  /** @throws DurastackError MISCONFIGURED when the device is none that may be relied on */
  constructor(private readonly parts: WatchdogParts) {
    this.periodMs = checkedPeriodMs(parts);
    this.file = join(parts.directory, 'watchdog-lease.json');
    const lease = readJsonFile(this.file, remembered);
    this.untilMs = lease?.bootId === parts.bootId ? lease.untilMs : -Infinity;
  }

  /** Begins to feed, as soon as there is a lease. */
  start(): void {
    this.timer = setInterval(() => this.feed(), this.periodMs / FEEDS);
    this.feed();
  }

  /** Ends the feeding: the hardware goes on counting. */
  stop(): void {
    clearInterval(this.timer);
    if (this.descriptor !== undefined) closeSync(this.descriptor);
    this.descriptor = undefined;
  }

  /** A heartbeat was answered that was sent at this moment of {@link monotonicMs}. */
  granted(sentAtMs: number): void {
    this.untilMs = sentAtMs + this.parts.leaseMs;
    try {
      writeDurableFile(this.file, JSON.stringify({ bootId: this.parts.bootId, untilMs: this.untilMs }));
    } catch (error) {
      // The next process would feed for less long, which is on the safe side.
      this.parts.log.warn({ error }, 'the lease of the watchdog could not be remembered');
    }
    if (!this.isFed) this.feed();
  }

  /** What heartbeats say of it; undefined while it is not armed. */
  report(): Heartbeat['watchdog'] {
    return this.isFed ? { periodMs: this.periodMs, leaseMs: this.parts.leaseMs } : undefined;
  }

  private feed(): void {
    if (monotonicMs() >= this.untilMs) {
      if (this.isFed) this.parts.log.error({}, 'the lease ran out; the watchdog is not fed and will restart this host');
      this.isFed = false;
      return;
    }
    try {
      this.descriptor ??= openSync(this.parts.device, constants.O_WRONLY | constants.O_NONBLOCK);
      writeSync(this.descriptor, '\0');
      this.isFed = true;
    } catch (error) {
      this.parts.log.error({ error, device: this.parts.device }, 'the watchdog could not be fed');
      this.isFed = false;
    }
  }
}

/** The clock of leases, in milliseconds: the same in every process of one boot, and never set. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint() / NS_PER_MS);
}

/**
 * After how long the device acts. One that the kernel knows must be hardware, must not be stoppable, and must act no
 * later than the setting says; of any other the setting has to tell, and its owner answers for it.
 */
function checkedPeriodMs({ device, periodMs }: WatchdogParts): number {
  const wrong = (text: string): DurastackError =>
    new DurastackError('MISCONFIGURED', `DURASTACK_AGENT_WATCHDOG_DEVICE: ${text}`);
  const kernel = isCharacterDevice(device)
    ? readKernel(device === '/dev/watchdog' ? 'watchdog0' : basename(device))
    : undefined;
  if (kernel === undefined) {
    if (periodMs !== undefined) return periodMs;
    throw wrong(`the kernel tells nothing of ${device}; set DURASTACK_AGENT_WATCHDOG_PERIOD_MS to what it waits for.`);
  }
  const { identity, timeoutMs, cannotBeStopped } = kernel;
  if (/software/i.test(identity))
    throw wrong(`${device} is a timer of the kernel (${identity}), which ends with it; it must be hardware.`);
  if (!cannotBeStopped) throw wrong(`${device} stops when its file is closed; load its driver with nowayout=1.`);
  if (periodMs !== undefined && periodMs < timeoutMs)
    throw wrong(`${device} waits for ${timeoutMs} ms, longer than DURASTACK_AGENT_WATCHDOG_PERIOD_MS=${periodMs}.`);
  return periodMs ?? timeoutMs;
}

function isCharacterDevice(path: string): boolean {
  try {
    return statSync(path).isCharacterDevice();
  } catch (cause) {
    const text = `DURASTACK_AGENT_WATCHDOG_DEVICE: ${path} is not there; load the driver of the hardware watchdog.`;
    throw new DurastackError('MISCONFIGURED', text, { cause });
  }
}

interface KernelWatchdog {
  readonly identity: string;
  readonly timeoutMs: number;
  readonly cannotBeStopped: boolean;
}

/** What the kernel tells of it; undefined: nothing. @param sysfs the folder of all */
export function readKernel(name: string, sysfs = SYSFS): KernelWatchdog | undefined {
  try {
    const read = (what: string): string => readFileSync(join(sysfs, name, what), 'utf8').trim();
    return {
      identity: read('identity'),
      timeoutMs: 1_000 * Number(read('timeout')),
      cannotBeStopped: read('nowayout') === '1',
    };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Feeding a watchdog: a pipe stands for the device, so that what arrives there can be counted. */
import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdirSync, mkdtempSync, openSync, readSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createLogger } from '@durastack/kit/log/logger';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { monotonicMs, readKernel, Watchdog, type WatchdogParts } from './watchdog.js';

let directory: string;
let device: string;
let descriptor: number;
const made: Watchdog[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'dura-watchdog-'));
  device = join(directory, 'device');
  execFileSync('mkfifo', [device]);
  descriptor = openSync(device, constants.O_RDWR | constants.O_NONBLOCK);
});
afterEach(() => {
  for (const watchdog of made.splice(0)) watchdog.stop();
  closeSync(descriptor);
  rmSync(directory, { recursive: true, force: true });
});

function make(change: Partial<WatchdogParts> = {}): Watchdog {
  const log = createLogger('watchdog', 'silent');
  const watchdog = new Watchdog({ device, periodMs: 200, leaseMs: 60_000, directory, bootId: 'boot', log, ...change });
  made.push(watchdog);
  watchdog.start();
  return watchdog;
}

/** How often it was fed since the last look. */
function feeds(): number {
  try {
    return readSync(descriptor, Buffer.alloc(1_000));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return 0;
    throw error;
  }
}

async function fedWithin(ms: number): Promise<boolean> {
  const until = monotonicMs() + ms;
  while (monotonicMs() < until) {
    if (feeds() > 0) return true;
    await sleep(10);
  }
  return false;
}

describe('the watchdog', () => {
  it('is not fed before a heartbeat was answered, and then again and again', async () => {
    const watchdog = make();
    expect(await fedWithin(300)).toBe(false);
    expect(watchdog.report()).toBeUndefined();
    watchdog.granted(monotonicMs());
    expect(watchdog.report()).toEqual({ periodMs: 200, leaseMs: 60_000 });
    for (let times = 0; times < 3; times += 1) expect(await fedWithin(10_000)).toBe(true);
  });

  it('is fed to the end of the lease, counted from the sending, and again with a new one', async () => {
    const watchdog = make({ leaseMs: 10_000 });
    watchdog.granted(monotonicMs() - 9_000);
    expect(await fedWithin(10_000)).toBe(true);
    while (watchdog.report() !== undefined) await sleep(20);
    feeds();
    expect(await fedWithin(300)).toBe(false);
    watchdog.granted(monotonicMs());
    expect(await fedWithin(10_000)).toBe(true);
  });

  it('is fed by the next process to the end of the same lease, not in another boot', async () => {
    make().granted(monotonicMs());
    made.splice(0)[0]!.stop();
    feeds();
    make({ bootId: 'another' });
    expect(await fedWithin(300)).toBe(false);
    made.splice(0)[0]!.stop();
    make();
    expect(await fedWithin(10_000)).toBe(true);
  });

  it('that is gone is not said to be armed', async () => {
    const watchdog = make();
    watchdog.granted(monotonicMs());
    expect(watchdog.report()).toBeDefined();
    closeSync(descriptor);
    while (watchdog.report() !== undefined) await sleep(20);
    descriptor = openSync(device, constants.O_RDWR | constants.O_NONBLOCK);
  });

  it.each<[string, Partial<WatchdogParts>, string]>([
    ['of which nothing is known', { periodMs: undefined }, 'set DURASTACK_AGENT_WATCHDOG_PERIOD_MS'],
    ['that is not there', { device: '/nowhere/watchdog' }, 'is not there'],
  ])('%s is refused', (_, change, message) => {
    expect(() => make(change)).toThrow(message);
  });

  it('is asked about at the kernel', () => {
    const folder = join(directory, 'watchdog7');
    mkdirSync(folder);
    for (const [name, text] of Object.entries({ identity: 'iTCO_wdt', timeout: '30', nowayout: '1' }))
      writeFileSync(join(folder, name), `${text}\n`);
    expect(readKernel('watchdog7', directory)).toEqual({
      identity: 'iTCO_wdt',
      timeoutMs: 30_000,
      cannotBeStopped: true,
    });
    expect(readKernel('watchdog8', directory)).toBeUndefined();
  });
});

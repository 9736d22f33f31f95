/**
 * Parts of the control plane stopped for five minutes each, twenty times as long as a host may be silent, with HA for
 * every host and controllers that would switch off: nothing is fenced, and guests go on counting.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pidOf, startControlPlane } from './control-plane.js';
import { HA_TIMEOUT_MS, HaLab } from './ha-lab.js';
import { LAB_TIMEOUT_MS, useLab, type LabFixture, type LabVm } from './use-lab.js';

const TIMEOUT = { timeout: HA_TIMEOUT_MS };
const AWAY_MS = 300_000;
/** Two windows and the time for which a heartbeat may hang: who is declared wrongly is so by then. */
const AFTERWARDS_MS = 40_000;

let lab: LabFixture;
let ha: HaLab;
let guests: readonly { readonly vm: LabVm; readonly host: string; readonly nonce: string }[];
beforeAll(async () => {
  lab = await useLab();
  ha = await HaLab.of(lab);
  guests = await Promise.all(
    lab.hosts.map(async (host) => {
      const vm = await ha.deploy(host, `away-${host}`);
      return { vm, host, nonce: (await lab.counter(vm)).nonce };
    }),
  );
}, LAB_TIMEOUT_MS);
afterAll(async () => {
  await ha?.off();
  await lab?.release();
}, LAB_TIMEOUT_MS);

/** Lets a part be away for five minutes. Then nothing has happened to a host or a guest. */
async function suffer(part: 'api' | 'worker' | 'mariadb', how: 'paused' | 'killed'): Promise<void> {
  const before = await ha.fencings();
  const pid = pidOf(lab, part);
  process.kill(pid, how === 'paused' ? 'SIGSTOP' : 'SIGKILL');
  try {
    await sleep(AWAY_MS);
  } finally {
    if (how === 'paused') process.kill(pid, 'SIGCONT');
    else await startControlPlane(lab);
  }
  await sleep(AFTERWARDS_MS);
  for (const { vm, host, nonce } of guests) {
    await ha.until(host, 'Available');
    await lab.untilHost(host);
    expect(lab.witness.copies(vm.id)).toHaveLength(1);
    expect(await lab.untilCounting(vm)).toMatchObject({ nonce });
    expect(await lab.hostOf(vm)).toBe(host);
  }
  expect(await ha.fencings()).toBe(before);
}

describe('nothing happens to hosts and guests', () => {
  it('while the API, which hosts report to, stands still', TIMEOUT, () => suffer('api', 'paused'));
  it('while the worker, which looks for silent hosts, is dead', TIMEOUT, () => suffer('worker', 'killed'));
  it('while the database stands still', TIMEOUT, () => suffer('mariadb', 'paused'));
});

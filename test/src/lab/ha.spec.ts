/** HA on real hosts: guests that count on their disks, controllers that switch, and a witness that looks for two copies. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually, itemsOf } from '../support/basis.js';
import { bootIdOf, HA_TIMEOUT_MS, HaLab } from './ha-lab.js';
import { LAB_TIMEOUT_MS, useLab, type LabFixture } from './use-lab.js';

const TIMEOUT = { timeout: HA_TIMEOUT_MS };
const [LOST, CUT, LIVING] = ['host-3', 'host-2', 'host-1'] as const;
/** Longer than a host may be silent. */
const MORE_THAN_A_WINDOW_MS = 20_000;
/** A host that falls silent so often within a few minutes flaps. */
const FLAPPING = 3;

let lab: LabFixture;
let ha: HaLab;
beforeAll(async () => {
  lab = await useLab({ ceph: true });
  ha = await HaLab.of(lab);
}, LAB_TIMEOUT_MS);
afterAll(async () => {
  await ha?.off();
  await lab?.release();
}, LAB_TIMEOUT_MS);

it('a host whose power is cut: its machine answers elsewhere, and the host comes back clean', TIMEOUT, async () => {
  const vm = await ha.deploy(LOST, 'ha-power');
  const { nonce } = await lab.counter(vm);
  const boot = await bootIdOf(lab, LOST);
  const began = performance.now();
  await lab.kill(LOST, '--power');
  const fenced = ha.until(LOST, 'Fenced').then(() => Math.round(performance.now() - began));
  await ha.untilElsewhere(vm, [LOST], nonce);
  const answeredMs = Math.round(performance.now() - began);
  process.stdout.write(`HA: proof after ${await fenced} ms, answering elsewhere after ${answeredMs} ms\n`);
  await lab.heal(LOST);
  await ha.until(LOST, 'Available');
  expect(await bootIdOf(lab, LOST)).not.toBe(boot);
  expect(await lab.domains(LOST)).toEqual([]);
  expect(lab.witness.copies(vm.id)).toHaveLength(1);
});

it(
  'a host that is cut off from all others: left alone while it reaches its storage, until somebody asks',
  TIMEOUT,
  async () => {
    const vm = await ha.deploy(CUT, 'ha-cut');
    const { nonce } = await lab.counter(vm);
    await lab.kill(CUT, '--network');
    await ha.until(CUT, 'Degraded');
    expect((await ha.seen(CUT)).hareason).toContain('writes to the pool');
    expect(lab.witness.copies(vm.id)).toHaveLength(1);
    await lab.untilHost(CUT, 'Disconnected');
    await lab.admin.callAndWait('failOverHost', { id: lab.hostId(CUT) });
    await ha.untilElsewhere(vm, [CUT], nonce);
    await lab.heal(CUT);
    await ha.until(CUT, 'Available');
    expect(lab.witness.copies(vm.id)).toHaveLength(1);
  },
);

it(
  'an agent that crashes, or is gone, and storage that stands still: nothing happens to machines',
  TIMEOUT,
  async () => {
    const onShared = await ha.deploy(LIVING, 'ha-agent');
    const onCeph = await ha.deploy(LIVING, 'ha-stalled', { pool: 'ceph' });
    const before = new Map([
      [onShared, (await lab.counter(onShared)).nonce],
      [onCeph, (await lab.counter(onCeph)).nonce],
    ]);
    const since = await ha.fencings();
    // The two hosts of the tests before.
    expect(since).toBeGreaterThan(0);
    const expectSame = async () => {
      for (const [vm, nonce] of before) {
        expect(lab.witness.copies(vm.id)).toHaveLength(1);
        expect((await lab.untilCounting(vm)).nonce).toBe(nonce);
        expect(await lab.hostOf(vm)).toBe(LIVING);
      }
    };
    await lab.crash(LIVING, 'durastack-agent');
    await expectSame();
    await lab.kill(LIVING, '--agent');
    await ha.until(LIVING, 'Degraded');
    await expectSame();
    await lab.heal(LIVING);
    await ha.until(LIVING, 'Available');
    await lab.kill(LIVING, '--storage');
    await sleep(MORE_THAN_A_WINDOW_MS);
    expect(await ha.state(LIVING)).toBe('Available');
    for (const vm of before.keys()) expect(lab.witness.copies(vm.id)).toHaveLength(1);
    await lab.heal(LIVING);
    const { count } = await lab.untilCounting(onCeph);
    await eventually('it writing again', async () => (await lab.counter(onCeph)).count > count);
    await expectSame();
    expect(await ha.fencings()).toBe(since);
  },
);

it('a host that comes and goes: nothing happens to its machine, and an alert says so', TIMEOUT, async () => {
  const vm = await ha.deploy(CUT, 'ha-flaps');
  const { nonce } = await lab.counter(vm);
  const since = await ha.fencings();
  for (let falls = 1; falls <= FLAPPING; falls += 1) {
    await lab.kill(CUT, '--network');
    const isMissed = async () => (await ha.state(CUT)) !== 'Available';
    await eventually('it being missed', isMissed, HA_TIMEOUT_MS / 2);
    await lab.heal(CUT);
    await ha.until(CUT, 'Available');
  }
  const alerts = itemsOf(await lab.admin.call('listAlerts'));
  expect(alerts.map(({ description }) => description)).toContainEqual(
    expect.stringMatching(new RegExp(`^Host .* has fallen silent [${FLAPPING}-9] times`)),
  );
  expect(lab.witness.copies(vm.id)).toHaveLength(1);
  expect((await lab.untilCounting(vm)).nonce).toBe(nonce);
  expect(await lab.hostOf(vm)).toBe(CUT);
  expect(await ha.fencings()).toBe(since);
});

it('a machine whose QEMU is killed on a host that lives is started again there', TIMEOUT, async () => {
  const vm = await ha.deploy(LIVING, 'ha-crash');
  const { nonce } = await lab.counter(vm);
  process.kill(lab.witness.copies(vm.id)[0]!.pid, 'SIGKILL');
  const another = async () => {
    const seen = await lab.counter(vm).catch(() => undefined);
    return seen !== undefined && seen.nonce !== nonce;
  };
  await eventually('another boot of it', another, HA_TIMEOUT_MS / 2);
  expect(await lab.hostOf(vm)).toBe(LIVING);
  expect((await lab.diskLog(vm, LIVING)).isInterleaved).toBe(false);
});

/** HA on real hosts: guests that count on their disks, controllers that switch, and a witness that looks for two copies. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually, itemsOf, objectOf } from '../support/basis.js';
import { disableHa, enableHa } from './ha-hosts.js';
import { LAB_TIMEOUT_MS, useLab, type LabFixture, type LabVm } from './use-lab.js';

const TIMEOUT_MS = 600_000;
const [LOST, CUT] = ['host-3', 'host-2'];

let lab: LabFixture;
let offering: string;
beforeAll(async () => {
  lab = await useLab();
  await enableHa(lab);
  const size = { name: `ha-${process.pid}`, displaytext: 'ha', cpunumber: '1', cpuspeed: '500', memory: '128' };
  offering = objectOf(await lab.admin.callAndWait('createServiceOffering', { ...size, offerha: 'true' })).id;
}, LAB_TIMEOUT_MS);
afterAll(async () => {
  if (lab !== undefined) await disableHa(lab);
  await lab?.release();
}, LAB_TIMEOUT_MS);

const deploy = (host: string, name: string) =>
  lab.deployCounterVm({ host, name, params: { serviceofferingid: offering } });
const hostOf = async (host: string) => itemsOf(await lab.admin.call('listHosts', { id: lab.hostId(host) }))[0]!;
const haState = async (host: string) => ((await hostOf(host))['hostha'] as { hastate: string }).hastate;
const bootId = async (host: string) => (await lab.exec(host, ['cat', '/proc/sys/kernel/random/boot_id'])).stdout.trim();

/** It answers on another host, as another boot of it, and its disk tells of one writer after the other. */
async function untilElsewhere(vm: LabVm, than: string, before: string): Promise<string> {
  const found = await eventually(
    `${vm.name} answering elsewhere`,
    async () => {
      const host = await lab.hostOf(vm).catch(() => than);
      if (host === than) return false;
      const seen = await lab.counter(vm).catch(() => undefined);
      return seen !== undefined && seen.nonce !== before && host;
    },
    TIMEOUT_MS,
  );
  expect((await lab.diskLog(vm)).isInterleaved).toBe(false);
  expect(lab.witness.copies(vm.id)).toHaveLength(1);
  return found;
}

it(
  'a host whose power is cut: its machine answers elsewhere, and the host comes back clean',
  { timeout: TIMEOUT_MS },
  async () => {
    const vm = await deploy(LOST, 'ha-power');
    const { nonce } = await lab.counter(vm);
    const boot = await bootId(LOST);
    const began = performance.now();
    await lab.kill(LOST, '--power');
    const fenced = eventually('proof', async () => (await haState(LOST)) === 'Fenced', TIMEOUT_MS).then(() =>
      Math.round(performance.now() - began),
    );
    await untilElsewhere(vm, LOST, nonce);
    const answeredMs = Math.round(performance.now() - began);
    process.stdout.write(`HA: proof after ${await fenced} ms, answering elsewhere after ${answeredMs} ms\n`);
    await lab.heal(LOST);
    await eventually('the host being used again', async () => (await haState(LOST)) === 'Available', TIMEOUT_MS);
    expect(await bootId(LOST)).not.toBe(boot);
    expect(await lab.domains(LOST)).toEqual([]);
    expect(lab.witness.copies(vm.id)).toHaveLength(1);
  },
);

it(
  'a host that is cut off from all others: left alone while it reaches its storage, until somebody asks',
  { timeout: TIMEOUT_MS },
  async () => {
    const vm = await deploy(CUT, 'ha-cut');
    const { nonce } = await lab.counter(vm);
    await lab.kill(CUT, '--network');
    await eventually('it being seen to live', async () => (await haState(CUT)) === 'Degraded', TIMEOUT_MS);
    expect((await hostOf(CUT))['hostha']).toMatchObject({ hareason: expect.stringContaining('writes to the pool') });
    expect(lab.witness.copies(vm.id)).toHaveLength(1);
    await lab.admin.callAndWait('failOverHost', { id: lab.hostId(CUT) });
    await untilElsewhere(vm, CUT, nonce);
    await lab.heal(CUT);
    await eventually('the host being used again', async () => (await haState(CUT)) === 'Available', TIMEOUT_MS);
    expect(lab.witness.copies(vm.id)).toHaveLength(1);
  },
);

it('an agent that is gone, and storage that stands still: nothing happens', { timeout: TIMEOUT_MS }, async () => {
  const vm = await deploy('host-1', 'ha-agent');
  await lab.kill('host-1', '--agent');
  await eventually('it being seen to live', async () => (await haState('host-1')) === 'Degraded', TIMEOUT_MS);
  expect(lab.witness.copies(vm.id)).toHaveLength(1);
  await lab.heal('host-1');
  await eventually('it reporting again', async () => (await haState('host-1')) === 'Available', TIMEOUT_MS);
  await lab.kill('host-1', '--storage');
  await new Promise((resolve) => setTimeout(resolve, 20_000));
  expect(await haState('host-1')).toBe('Available');
  expect(lab.witness.copies(vm.id)).toHaveLength(1);
  await lab.heal('host-1');
  expect(await lab.hostOf(vm)).toBe('host-1');
});

/** Hosts without a controller that answers: proof by image locks where they reach from host to host. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually, itemsOf, objectOf } from '../support/basis.js';
import { LAB_TIMEOUT_MS, useLab, type LabFixture, type LabVm } from './use-lab.js';

const TIMEOUT_MS = 900_000;
const DEAD = 'host-3';
const FUSE_POOL = 'proofs-fuse';

let lab: LabFixture;
let fusePoolId: string;
const machines: LabVm[] = [];

beforeAll(async () => {
  lab = await useLab();
  fusePoolId = await makeFusePool();
  for (const host of lab.hosts) {
    const hostid = lab.hostId(host);
    await lab.admin.callAndWait('configureHAForHost', { hostid, provider: 'KVMHAProvider' });
    await lab.admin.callAndWait('enableHAForHost', { hostid });
  }
}, LAB_TIMEOUT_MS);
afterAll(async () => {
  for (const host of lab?.hosts ?? []) await lab.admin.callAndWait('disableHAForHost', { hostid: lab.hostId(host) });
  for (const { id } of machines) await lab.admin.callAndWait('destroyVirtualMachine', { id, expunge: 'true' });
  if (fusePoolId !== undefined) await lab.admin.callAndWait('deleteStoragePool', { id: fusePoolId });
  await lab?.release();
}, LAB_TIMEOUT_MS);

async function makeFusePool(): Promise<string> {
  const only = async (command: string) => itemsOf(await lab.admin.call(command))[0]!.id;
  const place = {
    zoneid: await only('listZones'),
    podid: await only('listPods'),
    clusterid: await only('listClusters'),
  };
  const pool = { ...place, name: FUSE_POOL, scope: 'CLUSTER', tags: FUSE_POOL, url: 'SharedMountPoint:///srv/fuse' };
  return objectOf(await lab.admin.callAndWait('createStoragePool', pool)).id;
}

async function deploy(host: string, pool: string): Promise<LabVm> {
  const serviceofferingid = await lab.offering(`proofs-${pool}`, { tags: pool, offerha: 'true' });
  const vm = await lab.deployCounterVm({ host, name: `${host}-${pool}`, params: { serviceofferingid } });
  machines.push(vm);
  return vm;
}

const hostRow = async (host: string) => itemsOf(await lab.admin.call('listHosts', { id: lab.hostId(host) }))[0]!;
const haState = async (host: string) => ((await hostRow(host))['hostha'] as { hastate: string }).hastate;
const locksOf = async (name: string) =>
  (itemsOf(await lab.admin.call('listStoragePools', { name }))[0]?.['details'] as { locks?: string } | undefined)
    ?.locks;
const until = (what: string, isSo: () => Promise<boolean>) => eventually(what, isSo, TIMEOUT_MS);

/** It answers elsewhere in another boot; one copy runs, and its disk tells of one writer after the other. */
async function untilElsewhere(vm: LabVm, than: string, before: string): Promise<void> {
  await until(`${vm.name} answering elsewhere`, async () => {
    if ((await lab.hostOf(vm).catch(() => than)) === than) return false;
    const seen = await lab.counter(vm).catch(() => undefined);
    return seen !== undefined && seen.nonce !== before;
  });
  expect((await lab.diskLog(vm)).isInterleaved).toBe(false);
  expect(lab.witness.copies(vm.id)).toHaveLength(1);
}

it(
  'trials between hosts prove the locks of a shared directory, and not those of a FUSE mount',
  { timeout: TIMEOUT_MS },
  async () => {
    await until(
      'a verdict on both',
      async () => (await locksOf('shared')) === 'proven' && (await locksOf(FUSE_POOL)) === 'not proven',
    );
  },
);

it(
  'power and controller gone: with proven locks a machine comes back without a person, without them it waits for one',
  { timeout: TIMEOUT_MS },
  async () => {
    const [free, waiting] = [await deploy(DEAD, 'shared'), await deploy(DEAD, FUSE_POOL)];
    const [freeBefore, waitingBefore] = [
      (await lab.untilCounting(free)).nonce,
      (await lab.untilCounting(waiting)).nonce,
    ];
    const began = performance.now();
    await lab.kill(DEAD, '--bmc');
    await lab.kill(DEAD, '--power');
    await untilElsewhere(free, DEAD, freeBefore);
    process.stdout.write(`HA by image locks: answering elsewhere after ${Math.round(performance.now() - began)} ms\n`);
    await until('its alert', async () =>
      itemsOf(await lab.admin.call('listAlerts')).some(
        ({ description }) =>
          String(description).includes(`locks on the pool ${FUSE_POOL} are not proven`) &&
          String(description).includes('declareHostLost'),
      ),
    );
    expect(await lab.hostOf(waiting)).toBe(DEAD);
    expect(lab.witness.copies(waiting.id)).toEqual([]);
    await lab.admin.call('declareHostLost', { id: lab.hostId(DEAD) });
    await untilElsewhere(waiting, DEAD, waitingBefore);
    await lab.heal(DEAD);
    await until('the host being used again', async () => (await haState(DEAD)) === 'Available');
  },
);

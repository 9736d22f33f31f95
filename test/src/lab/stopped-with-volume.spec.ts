/** The disk of a stopped machine goes between directories that one host alone has, whoever is killed in the middle. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, itemsOf, objectOf } from '../support/basis.js';
import { crashWorker } from './control-plane.js';
import { expectInOnePlace } from './one-place.js';
import { LAB_TIMEOUT_MS, useLab, type LabFixture, type LabVm } from './use-lab.js';

const TIMEOUT_MS = 240_000;
const JOB_DONE = 1;
/** So slow that there is a middle to strike in. */
const MIB_PER_SECOND = 12;
const HOSTS = ['host-1', 'host-2'] as const;
const PAYLOAD = '/root/payload';
/** On each host another directory of this name. */
const OWN = '/var/lib/own-stopped-disks';

let lab: LabFixture;
let settings: string;
const pools = new Map<string, string>();
let vm: LabVm;
let volumeId: string;
let payload: string;
/** The host that has its disk. */
let here: string = HOSTS[0];
beforeAll(async () => {
  lab = await useLab();
  vm = await lab.deployCounterVm({ name: 'sleeping-mover', host: here });
  volumeId = itemsOf(await lab.admin.call('listVolumes', { virtualmachineid: vm.id, type: 'ROOT' }))[0]!.id;
  const [machine] = itemsOf(await lab.admin.call('listVirtualMachines', { id: vm.id }));
  for (const host of HOSTS) {
    await lab.exec(host, ['mkdir', '-p', OWN]);
    // As the offering of the lab's machines asks for.
    const params = { zoneid: String(machine!['zoneid']), hostid: lab.hostId(host), tags: 'shared' };
    const pool = { ...params, name: `own-stopped-${host}`, url: `file://${OWN}` };
    pools.set(host, objectOf(await lab.admin.callAndWait('createStoragePool', pool)).id);
  }
  await lab.inGuest(vm, `dd if=/dev/urandom of=${PAYLOAD} bs=1M count=4 2>/dev/null; sync`);
  payload = await hash();
  await stop();
  await lab.admin.callAndWait('migrateVirtualMachineWithVolume', { virtualmachineid: vm.id, ...to(here) });
  settings = join(lab.lab.home.root, 'worker.yaml');
  writeFileSync(settings, `volumeCopyMibPerSecond: ${MIB_PER_SECOND}\n`);
  await crashWorker(lab);
}, LAB_TIMEOUT_MS);
afterAll(async () => {
  if (settings !== undefined) {
    rmSync(settings, { force: true });
    await crashWorker(lab);
  }
  if (vm !== undefined) await lab.admin.callAndWait('destroyVirtualMachine', { id: vm.id, expunge: 'true' });
  for (const id of pools.values()) await lab.admin.callAndWait('deleteStoragePool', { id });
  await lab?.release();
}, LAB_TIMEOUT_MS);

const hash = () => lab.inGuest(vm, `sync; echo 3 >/proc/sys/vm/drop_caches; sha256sum ${PAYLOAD}`);
const stop = () => lab.admin.callAndWait('stopVirtualMachine', { id: vm.id, forced: 'true' });
const otherThan = (host: string): string => HOSTS.find((name) => name !== host)!;
const to = (host: string) => ({ 'migrateto[0].volume': volumeId, 'migrateto[0].pool': pools.get(host)! });

/** The hosts on which a file of the disk lies. */
async function copies(): Promise<string[]> {
  const found: string[] = [];
  for (const host of HOSTS) {
    const { stdout } = await lab.exec(host, ['find', OWN, '-name', `*${volumeId}*`]);
    if (stdout.trim() !== '') found.push(host);
  }
  return found;
}

/** Asks for its move, and returns when some of it is copied. */
async function beginMove(params: Readonly<Record<string, string>>): Promise<string> {
  const move = { virtualmachineid: vm.id, ...params };
  const jobId = String((await lab.admin.call('migrateVirtualMachineWithVolume', move))['jobid']);
  await eventually('some of it is copied', async () => {
    const job = await lab.admin.call('queryAsyncJobResult', { jobid: jobId });
    expect(job['jobstatus'], JSON.stringify(job)).toBe(0);
    return /copied [1-9]\d* of \d+ MiB/.test(JSON.stringify(job));
  });
  return jobId;
}

describe('the disk of a machine that is stopped', () => {
  it('stays where it is when its move is cancelled', { timeout: TIMEOUT_MS }, async () => {
    const jobId = await beginMove({ hostid: lab.hostId(otherThan(here)) });
    expect(await copies()).toEqual([...HOSTS]);
    await lab.admin.call('cancelAsyncJob', { jobid: jobId });
    await lab.admin.waitForJob(jobId);
    expect(await copies()).toEqual([here]);
  });

  it.each([
    { killed: 'the agent of the host that it leaves, and the worker', index: 0 },
    { killed: 'the agent of the host that it goes to', index: 1 },
  ])('goes to another host while $killed is killed', { timeout: TIMEOUT_MS }, async ({ index }) => {
    const there = otherThan(here);
    const jobId = await beginMove(to(there));
    await lab.crash([here, there][index]!, 'durastack-agent');
    if (index === 0) await crashWorker(lab);
    const job = await lab.admin.waitForJob(jobId);
    expect(job, JSON.stringify(job.jobresult)).toMatchObject({ jobstatus: JOB_DONE });
    expect(await copies()).toEqual([there]);
    here = there;
  });

  it('is what it was: its machine starts where it is', { timeout: TIMEOUT_MS }, async () => {
    await lab.admin.callAndWait('startVirtualMachine', { id: vm.id });
    const { nonce } = await lab.untilCounting(vm);
    expect(await expectInOnePlace(lab, vm, nonce)).toBe(here);
    expect(await hash()).toBe(payload);
  });
});

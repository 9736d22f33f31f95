/** Disks move between a directory and Ceph under the hands of real guests, whoever is killed in the middle. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LAB_NAMES } from '@durastack/cli/lab/cloud';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, itemsOf } from '../support/basis.js';
import { crashWorker } from './control-plane.js';
import { expectInOnePlace } from './one-place.js';
import { LAB_TIMEOUT_MS, useLab, type LabFixture, type LabVm } from './use-lab.js';

const TIMEOUT_MS = 240_000;
const JOB_DONE = 1;
/** So slow that there is a middle to strike in. */
const MIB_PER_SECOND = 5;
const HOST = 'host-1';
const PAYLOAD = '/root/payload';

let lab: LabFixture;
let settings: string;
let vm: LabVm;
let nonce: string;
let rootId: string;
let payload: string;
beforeAll(async () => {
  lab = await useLab({ ceph: true });
  settings = join(lab.lab.home.root, 'worker.yaml');
  writeFileSync(settings, `volumeCopyMibPerSecond: ${MIB_PER_SECOND}\n`);
  await crashWorker(lab);
  vm = await lab.deployCounterVm({ name: 'disk-mover', host: HOST });
  ({ nonce } = await lab.counter(vm));
  rootId = itemsOf(await lab.admin.call('listVolumes', { virtualmachineid: vm.id, type: 'ROOT' }))[0]!.id;
  await lab.inGuest(vm, `dd if=/dev/urandom of=${PAYLOAD} bs=1M count=4 2>/dev/null; sync`);
  payload = await hash();
}, LAB_TIMEOUT_MS);
afterAll(async () => {
  if (settings !== undefined) {
    rmSync(settings, { force: true });
    await crashWorker(lab);
  }
  await lab?.release();
}, LAB_TIMEOUT_MS);

const hash = () => lab.inGuest(vm, `sync; echo 3 >/proc/sys/vm/drop_caches; sha256sum ${PAYLOAD}`);
const volume = async () => itemsOf(await lab.admin.call('listVolumes', { id: rootId }))[0]!;

/** Where files or images of the volume lie: names of pools. */
async function copies(): Promise<string[]> {
  const shared = await lab.exec(HOST, ['find', '/srv/shared', '-name', `*${rootId}*`]);
  return [
    ...(shared.stdout.trim() === '' ? [] : [LAB_NAMES.sharedPool]),
    ...((await lab.cephImages()).includes(`volume-${rootId}`) ? [LAB_NAMES.cephPool] : []),
  ];
}

/** Begins to move the disk, and returns when some of it is copied. */
async function beginMove(to: string): Promise<string> {
  const [pool] = itemsOf(await lab.admin.call('listStoragePools', { name: to }));
  const move = { volumeid: rootId, storageid: pool!.id, livemigrate: 'true' };
  const jobId = String((await lab.admin.call('migrateVolume', move))['jobid']);
  await eventually('some of it is copied', async () => {
    const job = await lab.admin.call('queryAsyncJobResult', { jobid: jobId });
    expect(job['jobstatus'], JSON.stringify(job)).toBe(0);
    return /copied [1-9]\d* of \d+ MiB/.test(JSON.stringify(job));
  });
  return jobId;
}

describe('the root disk of a machine that counts', () => {
  const { sharedPool, cephPool } = LAB_NAMES;
  it.each([
    { from: sharedPool, to: cephPool },
    { from: cephPool, to: sharedPool },
  ])(
    'goes from $from to $to while worker, agent and libvirtd are killed',
    { timeout: TIMEOUT_MS },
    async ({ from, to }) => {
      expect((await volume())['storage']).toBe(from);
      const jobId = await beginMove(to);
      await Promise.all([lab.crash(HOST, 'durastack-agent'), lab.crash(HOST, 'libvirtd'), crashWorker(lab)]);
      const job = await lab.admin.waitForJob(jobId);
      expect(job, JSON.stringify(job.jobresult)).toMatchObject({ jobstatus: JOB_DONE });
      expect(await volume()).toMatchObject({ state: 'Ready', storage: to });
      expect(await copies()).toEqual([to]);
      expect(await expectInOnePlace(lab, vm, nonce)).toBe(HOST);
      expect(await hash()).toBe(payload);
    },
  );
});

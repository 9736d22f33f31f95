/** Machines on Ceph, on real hosts: they move, get disks and grow, whoever is killed; and wait for a cluster that is away. */
import { LAB_NAMES } from '@durastack/cli/lab/cloud';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, itemsOf, objectOf } from '../support/basis.js';
import { crashWorker } from './control-plane.js';
import { expectInOnePlace } from './one-place.js';
import { LAB_TIMEOUT_MS, useLab, type LabFixture, type LabVm } from './use-lab.js';

const TIMEOUT_MS = 240_000;
const JOB_DONE = 1;
const GIB = 2 ** 30;

let lab: LabFixture;
let vm: LabVm;
let nonce: string;
let diskId: string;
let large: string;
beforeAll(async () => {
  lab = await useLab({ ceph: true });
  const growing = { tags: 'ceph', dynamicscalingenabled: 'true' };
  const [small, more] = [
    await lab.offering('growing', growing),
    await lab.offering('grown', { ...growing, cpunumber: '2' }),
  ];
  large = more;
  vm = await lab.deployCounterVm({ name: 'on-rbd', host: 'host-1', params: { serviceofferingid: small } });
  ({ nonce } = await lab.counter(vm));
  diskId = await lab.makeDisk('data-on-rbd', 'ceph');
}, LAB_TIMEOUT_MS);
afterAll(async () => {
  await lab?.release();
}, LAB_TIMEOUT_MS);

const begin = async (command: string, params: Record<string, string>) =>
  String((await lab.admin.call(command, params))['jobid']);
const volume = async () => itemsOf(await lab.admin.call('listVolumes', { id: diskId }))[0]!;
/** The name that the guest gave to the data disk. */
const device = async () => {
  const serial = diskId.replaceAll('-', '').slice(0, 20);
  return (await lab.inGuest(vm, `grep -l ${serial} /sys/block/*/serial | cut -d / -f 4`)).trim();
};
/** The first MiB of the data disk, as the guest reads it past its cache. */
const hash = async () => {
  const read = `dd if=/dev/${await device()} bs=1M count=1 iflag=direct 2>/dev/null`;
  return (await lab.inGuest(vm, `${read} | sha256sum`)).trim().split(' ')[0];
};

describe('createStoragePool', () => {
  it('says what is wrong with monitors, user, secret and pool', { timeout: TIMEOUT_MS }, async () => {
    const ceph = itemsOf(await lab.admin.call('listStoragePools', { name: LAB_NAMES.cephPool }))[0]!;
    const { zoneid, podid, clusterid } = ceph as unknown as Record<'zoneid' | 'podid' | 'clusterid', string>;
    const { user, key, monitors, poolName } = lab.ceph();
    const right = encodeURIComponent(key);
    const strange = Buffer.from(key, 'base64');
    strange.writeUInt8(strange.readUInt8(strange.length - 1) ^ 0xff, strange.length - 1);
    const other = encodeURIComponent(strange.toString('base64'));
    const cases = [
      {
        url: `rbd://${user}:${right}@198.19.0.249:3300/${poolName}`,
        says: /No Ceph monitor at 198\.19\.0\.249:3300 answers/,
      },
      {
        url: `rbd://nobody:${right}@${monitors[0]}/${poolName}`,
        says: /refuses the cephx user nobody: check user and secret/,
      },
      {
        url: `rbd://${user}:${other}@${monitors[0]}/${poolName}`,
        says: new RegExp(`refuses the cephx user ${user}: check`),
      },
      { url: `rbd://${user}:${right}@${monitors[0]}/none`, says: new RegExp(`has no pool none that ${user} may open`) },
    ];
    const place = { zoneid, podid, clusterid, scope: 'CLUSTER' };
    const attempt = async ({ url }: { url: string }, index: number) =>
      lab.admin.callAndWait('createStoragePool', { ...place, name: `wrong-${index}`, url }).catch(String);
    const answers = await Promise.all(cases.map(attempt));
    for (const [index, { says }] of cases.entries()) {
      expect(answers[index]).toMatch(says);
      const [made] = itemsOf(await lab.admin.call('listStoragePools', { name: `wrong-${index}` }));
      expect(made).toMatchObject({ state: 'Error' });
      await lab.admin.callAndWait('deleteStoragePool', { id: made!.id });
    }
    await lab.expectClean();
  });
});

describe('a machine on Ceph', () => {
  it('goes to another host while agent here and libvirtd there are killed', { timeout: TIMEOUT_MS }, async () => {
    const jobId = await begin('migrateVirtualMachine', { virtualmachineid: vm.id, hostid: lab.hostId('host-2') });
    const underWay = async () => lab.witness.copies(vm.id).length === 2 || (await lab.hostOf(vm)) === 'host-2';
    await eventually('a second QEMU', underWay);
    await Promise.all([lab.crash('host-1', 'durastack-agent'), lab.crash('host-2', 'libvirtd')]);
    await lab.admin.waitForJob(jobId);
    await expectInOnePlace(lab, vm, nonce);
    const on = { virtualmachineid: vm.id, hostid: lab.hostId('host-3') };
    expect(await lab.admin.waitForJob(await begin('migrateVirtualMachine', on))).toMatchObject({ jobstatus: JOB_DONE });
    expect(await expectInOnePlace(lab, vm, nonce)).toBe('host-3');
  });

  let before: string | undefined;
  it.each([
    {
      what: 'is given a disk while the worker is killed',
      command: 'attachVolume',
      params: () => ({ id: diskId, virtualmachineid: vm.id }),
      strike: () => crashWorker(lab),
      after: async () => {
        await lab.inGuest(
          vm,
          `dd if=/dev/urandom of=/dev/${await device()} bs=1M count=1 oflag=direct conv=fsync 2>/dev/null`,
        );
        before = await hash();
      },
    },
    {
      what: 'has it grown while libvirtd is killed',
      command: 'resizeVolume',
      params: () => ({ id: diskId, size: '2' }),
      strike: (host: string) => lab.crash(host, 'libvirtd'),
      after: async () => {
        expect((await lab.inGuest(vm, `cat /sys/block/${await device()}/size`)).trim()).toBe(String((2 * GIB) / 512));
        expect(await hash()).toBe(before);
      },
    },
    {
      what: 'is given a processor while the agent is killed',
      command: 'scaleVirtualMachine',
      params: () => ({ id: vm.id, serviceofferingid: large }),
      strike: (host: string) => lab.crash(host, 'durastack-agent'),
      after: async () => {
        const { stdout } = await lab.exec(await lab.hostOf(vm), ['virsh', 'vcpucount', '--live', '--active', vm.id]);
        expect(stdout.trim()).toBe('2');
      },
    },
    {
      what: 'gives the disk back while the agent is killed',
      command: 'detachVolume',
      params: () => ({ id: diskId }),
      strike: (host: string) => lab.crash(host, 'durastack-agent'),
      after: async () => {
        expect((await volume())['virtualmachineid']).toBeUndefined();
        const { image } = await lab.imageOf(diskId);
        const words = `qemu-img dd -f raw -O raw bs=1M count=1 if=${image} of=/run/lab/data.raw >&2 && sha256sum /run/lab/data.raw`;
        expect((await lab.exec('host-3', ['sh', '-c', words])).stdout.split(' ')[0]).toBe(before);
      },
    },
  ])('$what', { timeout: TIMEOUT_MS }, async ({ command, params, strike, after }) => {
    const jobId = await begin(command, params());
    await strike(await lab.hostOf(vm));
    const job = await lab.admin.waitForJob(jobId);
    expect(job, JSON.stringify(job.jobresult)).toMatchObject({ jobstatus: JOB_DONE });
    await expectInOnePlace(lab, vm, nonce);
    await after();
  });

  it(
    'waits while the storage network is cut, visibly, and goes on when it is back',
    { timeout: TIMEOUT_MS },
    async () => {
      const host = await lab.hostOf(vm);
      await lab.kill(host, '--storage');
      const jobId = await begin('attachVolume', { id: diskId, virtualmachineid: vm.id });
      const seen = await eventually('the operation says what it waits for', async () => {
        const job = await lab.admin.call('queryAsyncJobResult', { jobid: jobId });
        expect(job['jobstatus']).toBe(0);
        return /waits for storage pool/.test(JSON.stringify(job)) ? JSON.stringify(job) : undefined;
      });
      expect(seen).toMatch(/its Ceph cluster at 198\.19\.0\.250:3300 does not answer/);
      // Its disk stands still, it does not.
      expect((await lab.counter(vm)).nonce).toBe(nonce);
      await lab.heal(host);
      expect(objectOf((await lab.admin.waitForJob(jobId)).jobresult as Record<string, unknown>)).toMatchObject({
        id: diskId,
        virtualmachineid: vm.id,
      });
      await expectInOnePlace(lab, vm, nonce);
    },
  );
});

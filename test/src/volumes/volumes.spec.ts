/** Data disks through the API, on simulated hosts: their life, what they outlive, and what is refused. */
import { ApiClient } from '@durastack/cli/api/api-client';
import { autocommit } from '@durastack/store/database/transaction';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deployParams, eventually, itemsOf, makeBasis, objectOf, type Basis } from '../support/basis.js';
import { startCloud, type Cloud } from '../support/cloud.js';

const GIB = 2 ** 30;
const START_MS = 120_000;
const LONG_MS = 60_000;
let cloud: Cloud;
let basis: Basis;
let sizes: { readonly any: string; readonly two: string };
beforeAll(async () => {
  cloud = await startCloud();
  basis = await makeBasis(cloud, { hosts: 2 });
  const offering = async (params: Record<string, string>) =>
    objectOf(await cloud.admin.callAndWait('createDiskOffering', { displaytext: 'd', ...params })).id;
  sizes = {
    any: await offering({ name: 'any', customized: 'true', provisioningtype: 'thin' }),
    two: await offering({ name: 'two', disksize: '2' }),
  };
}, START_MS);
afterAll(() => cloud?.stop());

type Params = Record<string, string>;
type Row = Record<string, unknown> & { id: string };
const done = async (command: string, params: Params): Promise<Row> =>
  objectOf(await cloud.admin.callAndWait(command, params));
const deploy = (extra: Params = {}) => done('deployVirtualMachine', deployParams(basis, extra));
const create = (params: Params = {}) =>
  done('createVolume', { zoneid: basis.zoneId, diskofferingid: sizes.any, size: '1', ...params });
const volume = async (id: string) => itemsOf(await cloud.admin.call('listVolumes', { id, listall: 'true' }))[0];
const attach = (id: string, vm: Row, params: Params = {}) =>
  done('attachVolume', { id, virtualmachineid: vm.id, ...params });

/** What the host's machine has, by position. */
async function plugged(vm: Row): Promise<Record<number, string>> {
  const [{ hostid }] = itemsOf(await cloud.admin.call('listVirtualMachines', { id: vm.id })) as [Row];
  const { vms } = (await cloud.simulate('GET', `/hosts/${String(hostid)}`)) as {
    vms: Record<string, { spec: { dataVolumes: { deviceId: number; volume: { id: string } }[] } }>;
  };
  return Object.fromEntries(vms[vm.id]!.spec.dataVolumes.map((disk) => [disk.deviceId, disk.volume.id]));
}

const reserved = async () =>
  Number(itemsOf(await cloud.admin.call('listStoragePools', { id: basis.poolId }))[0]?.['disksizeallocated']);

describe('a data disk', () => {
  it(
    'is created, attached while machines run, moved between them, grown, and outlives them',
    async () => {
      const before = await reserved();
      const [first, second] = [await deploy(), await deploy()];
      const roots = await reserved();
      const { id } = await create({ name: 'data' });
      expect(await volume(id)).toMatchObject({ name: 'data', type: 'DATADISK', state: 'Allocated', size: GIB });
      expect(await reserved()).toBe(roots);

      const attached = await attach(id, first);
      expect(attached).toMatchObject({
        state: 'Ready',
        deviceid: 1,
        virtualmachineid: first.id,
        vmname: first['name'],
      });
      expect(attached['attached']).toMatch(/^\d{4}-/);
      expect(await plugged(first)).toEqual({ 1: id });
      expect(await reserved()).toBe(roots + GIB);
      expect(itemsOf(await cloud.admin.call('listVolumes', { virtualmachineid: first.id }))).toHaveLength(2);

      await cloud.admin.callAndWait('stopVirtualMachine', { id: first.id, forced: 'true' });
      await cloud.admin.callAndWait('startVirtualMachine', { id: first.id });
      expect(await plugged(first)).toEqual({ 1: id });

      const detached = await done('detachVolume', { virtualmachineid: first.id, deviceid: '1' });
      expect(detached).toMatchObject({ id, state: 'Ready' });
      expect(detached).not.toHaveProperty('virtualmachineid');
      expect(await plugged(first)).toEqual({});

      await attach(id, second, { deviceid: '5' });
      expect(await plugged(second)).toEqual({ 5: id });
      expect(await done('resizeVolume', { id, size: '3' })).toMatchObject({ size: 3 * GIB });
      expect(await reserved()).toBe(roots + 3 * GIB);

      for (const vm of [first, second])
        await cloud.admin.callAndWait('destroyVirtualMachine', { id: vm.id, expunge: 'true' });
      expect(await volume(id)).toMatchObject({ state: 'Ready', size: 3 * GIB });
      expect(await volume(id)).not.toHaveProperty('virtualmachineid');
      await cloud.admin.callAndWait('deleteVolume', { id });
      expect(await volume(id)).toBeUndefined();
      expect(await reserved()).toBe(before);
    },
    LONG_MS,
  );

  it(
    'goes with its machine when that is asked for, and no other one does',
    async () => {
      const before = await reserved();
      for (const expunge of ['true', 'false']) {
        const vm = await deploy();
        const [named, kept, never] = [await create(), await create(), await create()];
        await attach(named.id, vm);
        await attach(kept.id, vm);
        const destroy = (volumeids: string) =>
          cloud.admin.callAndWait('destroyVirtualMachine', { id: vm.id, expunge, volumeids });
        await expect(destroy(`${named.id},${never.id}`)).rejects.toThrow(/is no data disk of the virtual machine/);
        expect(await volume(named.id)).toMatchObject({ state: 'Ready', virtualmachineid: vm.id });
        await destroy(named.id);
        expect(await volume(named.id)).toBeUndefined();
        expect(await volume(kept.id)).toMatchObject({ state: 'Ready' });
        if (expunge === 'false') await cloud.admin.callAndWait('expungeVirtualMachine', { id: vm.id });
        for (const { id } of [kept, never]) await cloud.admin.callAndWait('deleteVolume', { id });
      }
      expect(await reserved()).toBe(before);
    },
    LONG_MS,
  );

  it('comes with a machine that is deployed with one, or is given one before it ever ran', async () => {
    const vm = await deploy({ diskofferingid: sizes.any, size: '4', startvm: 'false' });
    const [disk] = itemsOf(await cloud.admin.call('listVolumes', { virtualmachineid: vm.id, type: 'DATADISK' }));
    expect(disk).toMatchObject({ state: 'Allocated', size: 4 * GIB });
    const { id } = await create();
    expect(await attach(id, vm)).toMatchObject({ state: 'Allocated', deviceid: 2 });
    await cloud.admin.callAndWait('startVirtualMachine', { id: vm.id });
    expect(await plugged(vm)).toEqual({ 1: disk!.id, 2: id });
    expect(await volume(id)).toMatchObject({ state: 'Ready' });
  });

  it('is made at once on the pool that an administrator names', async () => {
    const { id } = await create({ storageid: basis.poolId });
    expect(await volume(id)).toMatchObject({ state: 'Ready', storageid: basis.poolId });
    await cloud.admin.callAndWait('deleteVolume', { id });
  });

  it('is attached and detached in the order in which that was asked for', async () => {
    const vm = await deploy();
    const { id } = await create();
    const jobs: string[] = [];
    for (let round = 0; round < 3; round += 1) {
      jobs.push(String((await cloud.admin.call('attachVolume', { id, virtualmachineid: vm.id }))['jobid']));
      // Its machine is not known yet while the attachment waits.
      await eventually('it is attached', async () => (await volume(id))?.['virtualmachineid'] === vm.id);
      jobs.push(String((await cloud.admin.call('detachVolume', { id }))['jobid']));
    }
    const ended = await Promise.all(jobs.map((job) => cloud.admin.waitForJob(job)));
    expect(ended.map(({ jobstatus }) => jobstatus)).toEqual(jobs.map(() => 1));
    expect(await plugged(vm)).toEqual({});
  });
});

describe('a guest that does not let go of its disk', () => {
  it(
    'keeps it: the call fails and says what to do; stopping the machine frees it',
    async () => {
      const vm = await deploy();
      const { id } = await create();
      await attach(id, vm);
      const [{ hostid }] = itemsOf(await cloud.admin.call('listVirtualMachines', { id: vm.id })) as [Row];
      await cloud.simulate('POST', `/hosts/${String(hostid)}/vms/${vm.id}/disks`, { kept: true });
      const job = String((await cloud.admin.call('detachVolume', { id }))['jobid']);
      const db = autocommit(cloud.database.source);
      const detail = async () =>
        (
          await db.query<{ detail: string | null }>('SELECT step_title AS detail FROM operation WHERE id = ?', [job])
        )[0]!;
      await eventually('the guest is asked', async () => (await detail()).detail !== null);
      // Its time is over.
      await db.execute('UPDATE operation_run SET started_at = started_at - INTERVAL 2 MINUTE WHERE operation_id = ?', [
        job,
      ]);
      const { jobstatus, jobresult } = await cloud.admin.waitForJob(job);
      expect(jobstatus).toBe(2);
      expect(JSON.stringify(jobresult)).toMatch(/does not let go of the disk.*Unmount it/);
      expect(await volume(id)).toMatchObject({ virtualmachineid: vm.id, deviceid: 1 });
      expect(await plugged(vm)).toEqual({ 1: id });
      await cloud.admin.callAndWait('stopVirtualMachine', { id: vm.id, forced: 'true' });
      await cloud.admin.callAndWait('detachVolume', { id });
      expect(await volume(id)).not.toHaveProperty('virtualmachineid');
    },
    LONG_MS,
  );
});

describe('what is refused, leaves everything as it was', () => {
  let vm: Row;
  let attachedId: string;
  let freeId: string;
  beforeAll(async () => {
    vm = await deploy();
    attachedId = (await create()).id;
    freeId = (await create({ diskofferingid: sizes.two, size: '2' })).id;
    await attach(attachedId, vm, { deviceid: '3' });
  }, LONG_MS);

  it.each([
    ['a size of nothing', 'createVolume', () => ({ diskofferingid: sizes.any, size: '0' }), /size/],
    ['no size where one is needed', 'createVolume', () => ({ diskofferingid: sizes.any }), /leaves the size open/],
    [
      'a size that the offering does not have',
      'createVolume',
      () => ({ diskofferingid: sizes.two, size: '3' }),
      /have 2 GiB/,
    ],
    ['no such offering', 'createVolume', () => ({ diskofferingid: vm.id }), /diskofferingid/],
    ['a disk that is attached', 'attachVolume', () => ({ id: attachedId, virtualmachineid: vm.id }), /is attached to/],
    [
      'a position that is taken',
      'attachVolume',
      () => ({ id: freeId, virtualmachineid: vm.id, deviceid: '3' }),
      /taken/,
    ],
    [
      'a position over the limit',
      'attachVolume',
      () => ({ id: freeId, virtualmachineid: vm.id, deviceid: '17' }),
      /deviceid/,
    ],
    ['no such machine', 'attachVolume', () => ({ id: freeId, virtualmachineid: freeId }), /virtualmachineid/],
    ['a disk that is on no machine', 'detachVolume', () => ({ id: freeId }), /attached to no/],
    [
      'a position without a disk',
      'detachVolume',
      () => ({ virtualmachineid: vm.id, deviceid: '9' }),
      /no disk at position 9/,
    ],
    ['a root disk', 'detachVolume', () => ({ virtualmachineid: vm.id, deviceid: '0' }), /root disk/],
    ['a disk that is attached, for good', 'deleteVolume', () => ({ id: attachedId }), /detach it first/],
    [
      'less than it has',
      'resizeVolume',
      () => ({ id: freeId, diskofferingid: sizes.any, size: '1', shrinkok: 'true' }),
      /never shrink/,
    ],
    ['another size than the offering has', 'resizeVolume', () => ({ id: freeId, size: '9' }), /have 2 GiB/],
    ['neither size nor offering', 'resizeVolume', () => ({ id: freeId }), /new size/],
  ] as const)('%s', async (_what, command, params, message) => {
    const zone: Params = command === 'createVolume' ? { zoneid: basis.zoneId } : {};
    await expect(cloud.admin.callAndWait(command, { ...zone, ...params() })).rejects.toThrow(message);
    expect(await plugged(vm)).toEqual({ 3: attachedId });
    expect(await volume(freeId)).toMatchObject({ state: 'Allocated', size: 2 * GIB });
  });

  it('more than the pool has room for', async () => {
    const { id } = await create({ size: '65536' });
    const before = await reserved();
    await expect(attach(id, vm)).rejects.toThrow(/No storage pool/);
    expect(await volume(id)).toMatchObject({ state: 'Allocated' });
    expect(await volume(id)).not.toHaveProperty('virtualmachineid');
    await expect(done('resizeVolume', { id: attachedId, size: '65536' })).rejects.toThrow(/no room/);
    expect(await volume(attachedId)).toMatchObject({ size: GIB });
    expect(await reserved()).toBe(before);
  });

  it("another account's disk or machine, and one of another zone", async () => {
    const account = {
      username: 'eve',
      password: 'secret-of-eve',
      email: 'e@example.org',
      firstname: 'e',
      lastname: 'e',
    };
    const { user } = (await done('createAccount', { ...account, accounttype: '0' })) as unknown as { user: Row[] };
    const keys = (await cloud.admin.call('registerUserKeys', { id: user[0]!.id }))['userkeys'] as Params;
    const url = `${cloud.apiUrl}/client/api`;
    const eve = new ApiClient({ url, apiKey: keys['apikey']!, secretKey: keys['secretkey']! });
    const own = objectOf(
      await eve.callAndWait('createVolume', { zoneid: basis.zoneId, diskofferingid: sizes.any, size: '1' }),
    );
    await expect(eve.callAndWait('attachVolume', { id: own.id, virtualmachineid: vm.id })).rejects.toThrow(
      /virtualmachineid/,
    );
    await expect(eve.callAndWait('deleteVolume', { id: freeId })).rejects.toThrow(/entity does not exist/);
    await expect(attach(own.id, vm)).rejects.toThrow(/different accounts/);
    const zone = { networktype: 'Advanced', dns1: '10.2.0.1', internaldns1: '127.0.0.1' };
    const other = await done('createZone', { name: 'z2', ...zone });
    const far = await create({ zoneid: other.id });
    await expect(attach(far.id, vm)).rejects.toThrow(/different zones/);
  });
});

describe('a machine', () => {
  const offering = (name: string, params: Params) =>
    done('createServiceOffering', { name, displaytext: name, cpuspeed: '500', ...params });

  it(
    'grows while it runs, if its offering and template let it; a stopped one takes any size',
    async () => {
      await autocommit(cloud.database.source).execute('UPDATE template SET is_dynamically_scalable = 1');
      const grows = { dynamicscalingenabled: 'true' };
      const small = await offering('small', { cpunumber: '1', memory: '512', ...grows });
      const large = await offering('large', { cpunumber: '2', memory: '768', ...grows });
      const huge = await offering('huge', { cpunumber: '16', memory: '4096', ...grows });
      const fixed = await offering('fixed', { cpunumber: '2', memory: '768' });
      const vm = await deploy({ serviceofferingid: small.id });
      const scale = (to: Row) =>
        cloud.admin.callAndWait('scaleVirtualMachine', { id: vm.id, serviceofferingid: to.id });
      const seen = async () => itemsOf(await cloud.admin.call('listVirtualMachines', { id: vm.id }))[0];
      expect(await seen()).toMatchObject({ isdynamicallyscalable: true, cpunumber: 1, memory: 512 });
      await expect(scale(fixed)).rejects.toThrow(/fixed size; stop it first/);
      await scale(large);
      expect(await seen()).toMatchObject({ cpunumber: 2, memory: 768, serviceofferingid: large.id, state: 'Running' });
      await expect(scale(small)).rejects.toThrow(/cannot give any back/);
      await expect(scale(huge)).rejects.toThrow(/started with room for 4 processors.*stop it first/);
      expect(await seen()).toMatchObject({ cpunumber: 2, memory: 768 });
      const change = { id: vm.id, serviceofferingid: fixed.id };
      await expect(cloud.admin.callAndWait('changeServiceForVirtualMachine', change)).rejects.toThrow(/stop it first/);
      await cloud.admin.callAndWait('stopVirtualMachine', { id: vm.id, forced: 'true' });
      await scale(huge);
      expect(await seen()).toMatchObject({ cpunumber: 16, memory: 4096, state: 'Stopped' });
      expect(await done('changeServiceForVirtualMachine', change)).toMatchObject({ cpunumber: 2, memory: 768 });
      await cloud.admin.callAndWait('startVirtualMachine', { id: vm.id });
      expect(await seen()).toMatchObject({ isdynamicallyscalable: false, state: 'Running' });
      await expect(scale(large)).rejects.toThrow(/does not grow while it runs/);
    },
    LONG_MS,
  );

  it(
    'has the size that it chose, where its offering leaves it open, and keeps it over restarts',
    async () => {
      await autocommit(cloud.database.source).execute('UPDATE template SET is_dynamically_scalable = 1');
      const open = { customized: 'true', maxcpunumber: '4', dynamicscalingenabled: 'true' };
      const { id: serviceofferingid } = await offering('open', open);
      const size = (cpus: string, memory: string) => ({
        ...{ serviceofferingid, 'details[0].cpuNumber': cpus, 'details[0].memory': memory },
      });
      const vm = await deploy(size('1', '512'));
      const scale = (cpus: string, memory: string) =>
        cloud.admin.callAndWait('scaleVirtualMachine', { id: vm.id, ...size(cpus, memory) });
      const seen = async () => {
        const [row] = itemsOf(await cloud.admin.call('listVirtualMachines', { id: vm.id }));
        const host = (await cloud.simulate('GET', `/hosts/${String(row?.['hostid'])}`)) as {
          vms: Record<string, { spec: { vcpus: number; memoryMib: number } }>;
        };
        const { vcpus, memoryMib } = host.vms[vm.id]!.spec;
        return [row?.['cpunumber'], row?.['memory'], vcpus, memoryMib];
      };
      expect(await seen()).toEqual([1, 512, 1, 512]);
      await scale('2', '768');
      expect(await seen()).toEqual([2, 768, 2, 768]);
      await expect(scale('5', '768')).rejects.toThrow(/cpuNumber open.*from 1 to 4/);
      await cloud.admin.callAndWait('stopVirtualMachine', { id: vm.id, forced: 'true' });
      await cloud.admin.callAndWait('startVirtualMachine', { id: vm.id });
      expect(await seen()).toEqual([2, 768, 2, 768]);
    },
    LONG_MS,
  );
});

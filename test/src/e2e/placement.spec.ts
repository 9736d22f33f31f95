/** Where machines are put on a cloud of real processes with simulated hosts, and what is said when there is no place. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deployParams, itemsOf, makeBasis, objectOf, type Basis } from '../support/basis.js';
import { startCloud, type Cloud } from '../support/cloud.js';

const HOSTS = 4;
const DEPLOYS = 20;
const JOB_DONE = 1;
const LIMIT_MS = 120_000;

interface Placement {
  readonly hostCount: number;
  readonly counts: Readonly<Record<string, number>>;
  readonly hosts: readonly { readonly name: string }[];
}

let cloud: Cloud;
let basis: Basis;
beforeAll(async () => {
  cloud = await startCloud();
  basis = await makeBasis(cloud, { hosts: HOSTS });
  await cloud.admin.callAndWait('createAffinityGroup', { name: 'db', type: 'host anti-affinity' });
}, LIMIT_MS);
afterAll(() => cloud?.stop());

const call = async (command: string, params: Record<string, string> = {}) =>
  objectOf(await cloud.admin.callAndWait(command, params));
const refusal = (command: string, params: Record<string, string>) => call(command, params).then(() => 'done', String);
const members = async () =>
  itemsOf(await cloud.admin.call('listVirtualMachines', { listall: 'true', state: 'Running' })).filter(
    (vm) => (vm['affinitygroup'] as unknown[]).length > 0,
  );

describe('a strict anti-affinity group', () => {
  it('has one machine on each host, whatever is deployed at the same time; the others are told why', async () => {
    const accepted = await Promise.all(
      Array.from({ length: DEPLOYS }, (_, index) =>
        cloud.admin.call(
          'deployVirtualMachine',
          deployParams(basis, { name: `db-${index}`, affinitygroupnames: 'db' }),
        ),
      ),
    );
    const jobs = await Promise.all(accepted.map(({ jobid }) => cloud.admin.waitForJob(String(jobid))));
    const failed = jobs.filter(({ jobstatus }) => jobstatus !== JOB_DONE);
    expect(failed).toHaveLength(DEPLOYS - HOSTS);
    for (const { jobresult } of failed)
      expect(JSON.stringify(jobresult)).toContain('4 hosts: 4 with a member of the anti-affinity group db');
    expect((await members()).map(({ hostid }) => String(hostid)).sort()).toEqual([...basis.hostIds].sort());
    const { apiKey, secretKey } = cloud.keys;
    const reply = await fetch(new URL(`/api/v1/operations/${String(failed[0]?.jobid)}`, cloud.apiUrl), {
      headers: { authorization: `Bearer ${apiKey}:${secretKey}` },
    });
    const { error } = (await reply.json()) as { error: { code: string; placement: Placement } };
    expect(error).toMatchObject({ code: 'NO_CAPACITY', placement: { hostCount: 4, counts: { 'anti-affinity': 4 } } });
    expect(error.placement.hosts).toHaveLength(4);
  }, 60_000);

  it('is respected by migrations: none of the other hosts will do, and each says why', async () => {
    const [vm] = await members();
    const id = String(vm?.id);
    const hosts = itemsOf(await cloud.admin.call('findHostsForMigration', { virtualmachineid: id }));
    expect(hosts).toHaveLength(HOSTS - 1);
    for (const host of hosts)
      expect(host).toMatchObject({ suitableformigration: false, unsuitablereasons: [{ kind: 'anti-affinity' }] });
    expect(await refusal('migrateVirtualMachine', { virtualmachineid: id, hostid: hosts[0]!.id })).toContain(
      'has another member of the group db',
    );
  });

  it('lets a stopped machine go, and takes it back where there is room', async () => {
    const [vm] = await members();
    const id = String(vm?.id);
    expect(await refusal('updateVMAffinityGroup', { id })).toContain('is Running');
    await call('stopVirtualMachine', { id, forced: 'true' });
    expect(await call('updateVMAffinityGroup', { id })).toMatchObject({ id, affinitygroup: [] });
    const taken = await call('deployVirtualMachine', deployParams(basis, { affinitygroupnames: 'db' }));
    expect(taken).toMatchObject({ state: 'Running', hostid: vm?.['hostid'] });
    expect(await call('updateVMAffinityGroup', { id, affinitygroupnames: 'db' })).toMatchObject({
      affinitygroup: [{ name: 'db' }],
    });
    expect(await refusal('startVirtualMachine', { id })).toContain('4 with a member of the anti-affinity group db');
  });
});

describe('tags and dedication', () => {
  it('lead machines to the host that bears the tag', async () => {
    const hostId = basis.hostIds[2]!;
    await cloud.admin.call('updateHost', { id: hostId, hosttags: 'gpu, ssd' });
    const offering = await call('createServiceOffering', {
      ...{ name: 'gpu', cpunumber: '1', cpuspeed: '500', memory: '64', hosttags: 'ssd' },
    });
    const params = deployParams(basis, { serviceofferingid: offering.id });
    for (let count = 0; count < 3; count += 1)
      expect(await call('deployVirtualMachine', params)).toMatchObject({ hostid: hostId });
    await cloud.admin.call('updateHost', { id: hostId, hosttags: '' });
    expect(await refusal('deployVirtualMachine', params)).toContain('4 hosts: 4 lack host tags (ssd)');
  });

  it('keep disks to pools that bear the tag', async () => {
    const offering = await call('createServiceOffering', {
      ...{ name: 'fast', cpunumber: '1', cpuspeed: '500', memory: '64', tags: 'nvme' },
    });
    const params = deployParams(basis, { serviceofferingid: offering.id });
    expect(await refusal('deployVirtualMachine', params)).toContain('4 lack storage tags (nvme)');
    await cloud.admin.call('updateStoragePool', { id: basis.poolId, tags: 'nvme' });
    expect(await call('deployVirtualMachine', params)).toMatchObject({ state: 'Running' });
  });

  it('keep others away from what is dedicated, from the next placement on', async () => {
    const acme = objectOf(await cloud.admin.call('createDomain', { name: 'acme' })).id;
    expect(await refusal('dedicateHost', { hostid: basis.hostIds[0]!, domainid: acme })).toContain('of others run in');
    const vms = itemsOf(await cloud.admin.call('listVirtualMachines', { listall: 'true', state: 'Running' }));
    for (const { id } of vms) await call('stopVirtualMachine', { id, forced: 'true' });
    for (const hostid of basis.hostIds) await call('dedicateHost', { hostid, domainid: acme });
    expect(await refusal('deployVirtualMachine', deployParams(basis))).toContain('4 hosts: 4 dedicated to others');
    await cloud.admin.callAndWait('releaseDedicatedHost', { hostid: basis.hostIds[3]! });
    expect(await call('deployVirtualMachine', deployParams(basis))).toMatchObject({ hostid: basis.hostIds[3] });
  }, 60_000);
});

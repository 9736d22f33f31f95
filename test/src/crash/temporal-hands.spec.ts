/**
 * What an operator can do by hand in Temporal's UI, on real processes: every kind of workflow is terminated, and
 * reset, in the middle of a call to a host. The operation ends well all the same, and nothing is left over.
 */
import { DEFAULT_OS_TYPE_ID } from '@durastack/contracts/compute/os-types';
import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { autocommit } from '@durastack/store/database/transaction';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  deployParams,
  eventually,
  itemsOf,
  makeBasis,
  objectOf,
  registerIso,
  registerTemplate,
  type Basis,
} from '../support/basis.js';
import { startRedfish, type TestRedfish } from '../oobm/controllers.js';
import { startCloud, type Cloud } from '../support/cloud.js';
import { inconsistenciesOf } from '../support/consistency.js';
import { loadStepLists } from '../support/workflows.js';

const LIMIT_MS = 180_000;
/** What asks no host, and has ended before anybody could meddle with it. */
const ASKS_NO_HOST = ['cancelHostMaintenance'];
const kinds = [...(await loadStepLists()).keys()].filter((kind) => !ASKS_NO_HOST.includes(kind)).sort();
let cloud: Cloud;
let basis: Basis;
let connection: Connection;
let controllers: readonly TestRedfish[];
beforeAll(async () => {
  // A host that does not answer takes no new machines, and few operations: here it shall take them all the same.
  const settings = { DURASTACK_HEARTBEAT_INTERVAL_MS: '10000', DURASTACK_OPERATIONS_PER_SILENT_HOST: '16' };
  cloud = await startCloud({ settings });
  basis = await makeBasis(cloud);
  controllers = await Promise.all([startRedfish(), startRedfish()]);
  connection = await Connection.connect({ address: cloud.temporalAddress });
  // The detector of dead hosts ends what it finds on a lost host that nobody fails over, as haCalls() leaves one.
  await db().execute(
    `INSERT INTO lease (name, holder, held_since, expires_at) VALUES ('ha', 'the spec', NOW(3), NOW(3) + INTERVAL 1 HOUR)
     ON DUPLICATE KEY UPDATE holder = VALUES(holder), expires_at = VALUES(expires_at)`,
  );
}, LIMIT_MS);
afterAll(async () => {
  await connection?.close();
  await cloud?.stop();
  await Promise.all((controllers ?? []).map((controller) => controller.stop()));
});

type Params = Record<string, string>;
interface Row {
  id: string;
  kind: string;
  run: number;
  state: string;
  parent: string | null;
}
const db = () => autocommit(cloud.database.source);
const make = async (command: string, params: Params) => objectOf(await cloud.admin.callAndWait(command, params)).id;
const deployed = () => make('deployVirtualMachine', deployParams(basis));

let made = 0;
function poolParams(): Params {
  made += 1;
  const path = join(cloud.directory, `pool-${made}`);
  mkdirSync(path);
  const { zoneId, podId, clusterId } = basis;
  return {
    zoneid: zoneId,
    podid: podId,
    clusterid: clusterId,
    name: `pool-${made}`,
    url: `SharedMountPoint://localhost${path}`,
  };
}

async function networkId(): Promise<string> {
  made += 1;
  const offerings = itemsOf(await cloud.admin.call('listNetworkOfferings', { name: 'DefaultSharedNetworkOffering' }));
  const addresses = {
    gateway: `10.9.${made}.1`,
    netmask: '255.255.255.0',
    startip: `10.9.${made}.2`,
    endip: `10.9.${made}.9`,
  };
  const names = { zoneid: basis.zoneId, name: `n${made}`, displaytext: 'n', networkofferingid: offerings[0]!.id };
  return make('createNetwork', { ...names, ...addresses });
}

/** So that removing one asks the other's host. */
const putNetworkOn = (network: string, host: string) =>
  db().execute(
    'INSERT INTO network_on_host (network_id, host_id, created_at) VALUES (?, ?, NOW(3)) ON DUPLICATE KEY UPDATE host_id = host_id',
    [network, host],
  );

const keepEmpty = (table: 'host' | 'storage_pool', id: string) =>
  db().execute(`UPDATE ${table} SET allocation_state = 'Disabled' WHERE id = ?`, [id]);

/** The disk of a machine that runs, to a pool of its own. */
async function moveParams(): Promise<Params> {
  const [disk] = itemsOf(await cloud.admin.call('listVolumes', { virtualmachineid: await deployed() }));
  return { volumeid: disk!.id, storageid: await make('createStoragePool', poolParams()), livemigrate: 'true' };
}

/** The disk of a machine that is stopped, to a pool of its own. */
async function moveAtRestParams(): Promise<Params> {
  const { volumeid, storageid } = await moveParams();
  const [disk] = itemsOf(await cloud.admin.call('listVolumes', { id: volumeid! }));
  const virtualmachineid = String(disk!['virtualmachineid']);
  await cloud.admin.callAndWait('stopVirtualMachine', { id: virtualmachineid });
  return { virtualmachineid, 'migrateto[0].volume': volumeid!, 'migrateto[0].pool': storageid! };
}

/** What every workflow is asked for with, on things made for it. A new kind says here how it comes about. */
async function makeCalls(): Promise<Record<string, Params>> {
  const [first] = basis.hostIds;
  const stopped = await deployed();
  await cloud.admin.callAndWait('stopVirtualMachine', { id: stopped });
  const host = await cloud.addHost(basis);
  await keepEmpty('host', host);
  await putNetworkOn(basis.networkId, host);
  const pool = await make('createStoragePool', poolParams());
  await keepEmpty('storage_pool', pool);
  const network = await networkId();
  await putNetworkOn(network, first!);
  return {
    deployVirtualMachine: deployParams(basis),
    startVirtualMachine: { id: stopped },
    stopVirtualMachine: { id: await deployed() },
    rebootVirtualMachine: { id: await deployed() },
    restoreVirtualMachine: { virtualmachineid: await deployed() },
    destroyVirtualMachine: { id: await deployed() },
    expungeVirtualMachine: { id: await deployed() },
    addHost: {},
    deleteHost: { id: host },
    reconnectHost: { id: first! },
    createStoragePool: poolParams(),
    deleteStoragePool: { id: pool },
    registerTemplate: {
      ...{ name: 't', displaytext: 't', url: 'http://127.0.0.1:9/t.qcow2', zoneid: basis.zoneId },
      ...{ format: 'QCOW2', hypervisor: 'Simulator' },
    },
    registerIso: { name: 'cd', url: 'http://127.0.0.1:9/cd.iso', zoneid: basis.zoneId },
    deleteIso: { id: await registerIso(cloud.admin, basis.zoneId) },
    ...(await discCalls()),
    createTemplate: { name: 'of a disk', ostypeid: DEFAULT_OS_TYPE_ID, virtualmachineid: await stoppedMachine() },
    deleteTemplate: { id: await registerTemplate(cloud.admin, basis.zoneId, 'http://127.0.0.1:9/gone.qcow2') },
    deleteNetwork: { id: network },
    ...(await nicCalls()),
    ...(await volumeCalls()),
    migrateVolume: await moveParams(),
    migrateVirtualMachineWithVolume: await moveAtRestParams(),
    ...(await departureCalls()),
    ...(await controllerCalls()),
    ...(await removalCalls()),
    // Last: HA acts by itself on what is lost.
    ...(await haCalls()),
  };
}

async function stoppedMachine(): Promise<string> {
  const id = await deployed();
  await cloud.admin.callAndWait('stopVirtualMachine', { id, forced: 'true' });
  return id;
}

/** As {@link makeCalls}, of what is in CD drives. */
async function discCalls(): Promise<Record<string, Params>> {
  const id = await registerIso(cloud.admin, basis.zoneId);
  const virtualmachineid = await deployed();
  await cloud.admin.callAndWait('attachIso', { id, virtualmachineid });
  return { attachIso: { id, virtualmachineid: await deployed() }, detachIso: { virtualmachineid } };
}

/** As {@link makeCalls}, of secondary addresses. */
async function addressCalls(): Promise<Record<string, Params>> {
  const nicOf = async (virtualmachineid: string) =>
    String(itemsOf(await cloud.admin.call('listNics', { virtualmachineid }))[0]!.id);
  const added = await make('addIpToNic', { nicid: await nicOf(await deployed()) });
  return { addIpToNic: { nicid: await nicOf(await deployed()) }, removeIpFromNic: { id: added } };
}

/** As {@link makeCalls}, of interfaces. */
async function nicCalls(): Promise<Record<string, Params>> {
  const virtualmachineid = await deployed();
  await make('addNicToVirtualMachine', { virtualmachineid, networkid: await networkId() });
  const nics = itemsOf(await cloud.admin.call('listNics', { virtualmachineid }));
  return {
    addNicToVirtualMachine: { virtualmachineid: await deployed(), networkid: await networkId() },
    removeNicFromVirtualMachine: { virtualmachineid, nicid: nics[1]!.id },
    ...(await addressCalls()),
  };
}

/** As {@link makeCalls}, of an account, a project and a domain, each with something in it. */
async function removalCalls(): Promise<Record<string, Params>> {
  made += 1;
  const person = { password: 'secret-of-the-spec', firstname: 'a', lastname: 'b', email: 'a@example.org' };
  const account = async (domainid?: string) => {
    made += 1;
    return make('createAccount', { ...person, username: `going-${made}`, ...(domainid ? { domainid } : {}) });
  };
  const domain = await make('createDomain', { name: `going-${made}` });
  const [owner, inside] = [await account(), await account(domain)];
  const project = await make('createProject', { name: `going-${made}` });
  const [row] = await db().query<{ accountId: string }>('SELECT account_id AS accountId FROM project WHERE id = ?', [
    project,
  ]);
  for (const accountId of [owner, inside, row!.accountId])
    await db().execute('UPDATE virtual_machine SET account_id = ? WHERE id = ?', [accountId, await deployed()]);
  return {
    deleteAccount: { id: owner },
    deleteProject: { id: project, cleanup: 'true' },
    deleteDomain: { id: domain, cleanup: 'true' },
  };
}

/** As {@link makeCalls}, of hosts that take nothing else. The first two have a machine, which leaves. */
async function departureCalls(): Promise<Record<string, Params>> {
  const added = () => cloud.addHost(basis);
  const hosts = [await added(), await added(), await added(), await added()] as const;
  const deployOn = (hostid: string) => make('deployVirtualMachine', { ...deployParams(basis), hostid });
  await deployOn(hosts[0]);
  const moving = await deployOn(hosts[1]);
  const other = await added();
  const balanced = await deployOn(basis.hostIds[0]!);
  for (const id of hosts) await keepEmpty('host', id);
  return {
    executeClusterDrsPlan: { id: basis.clusterId, 'migrateto[0].vm': balanced, 'migrateto[0].host': other },
    prepareHostForMaintenance: { id: hosts[0] },
    migrateVirtualMachine: { virtualmachineid: moving },
    maintainHost: { id: hosts[2] },
    startRollingMaintenance: { hostids: hosts[3], forced: 'true' },
  };
}

/** As {@link makeCalls}, of management controllers; each operation has one for itself. */
async function controllerCalls(): Promise<Record<string, Params>> {
  const hosts = [await cloud.addHost(basis), await cloud.addHost(basis)] as const;
  for (const [index, hostid] of hosts.entries()) {
    await keepEmpty('host', hostid);
    const { port, ...login } = controllers[index]!.login;
    await cloud.admin.call('configureOutOfBandManagement', { hostid, port: String(port), ...login });
    await cloud.admin.callAndWait('enableOutOfBandManagementForHost', { hostid });
  }
  return {
    issueOutOfBandManagementPowerAction: { hostid: hosts[0], action: 'OFF' },
    changeOutOfBandManagementPassword: { hostid: hosts[1] },
  };
}

/** As {@link makeCalls}, of hosts without power: one with a machine, one whose machine is proven dead, one that is back. */
async function haCalls(): Promise<Record<string, Params>> {
  const hosts = [await cloud.addHost(basis), await cloud.addHost(basis), await cloud.addHost(basis)] as const;
  made += 1;
  const size = { name: `ha-${made}`, displaytext: 'ha', cpunumber: '1', cpuspeed: '500', memory: '128' };
  const offering = await make('createServiceOffering', { ...size, offerha: 'true' });
  const deployOn = (hostid: string) =>
    make('deployVirtualMachine', { ...deployParams(basis), serviceofferingid: offering, hostid });
  await deployOn(hosts[0]);
  const lost = await deployOn(hosts[1]);
  for (const id of hosts) await keepEmpty('host', id);
  for (const id of hosts.slice(0, 2)) await cloud.simulate('POST', `/hosts/${id}/power`, { on: false });
  // A heartbeat that was under way, written after somebody has declared them lost, would be a sign of life.
  const silent = async () =>
    (
      await db().query('SELECT 1 FROM host WHERE id IN (?) AND last_heartbeat_at > NOW(3) - INTERVAL 2 SECOND', [
        hosts.slice(0, 2),
      ])
    ).length === 0;
  await eventually('the last heartbeats being written', silent);
  for (const [index, id] of hosts.entries()) {
    await db().execute(
      `INSERT INTO host_fence (host_id, fence_epoch, boot_id_before, is_held_off, declared_lost_at, declared_lost_by, created_at)
         SELECT id, fence_epoch, IF(?, boot_id, 'an earlier one'), 0, NOW(3), 'admin/admin', NOW(3) FROM host WHERE id = ?`,
      [index < 2, id],
    );
    await db().execute('UPDATE host SET state = ? WHERE id = ?', [index === 0 ? 'Disconnected' : 'Down', id]);
  }
  await db().execute(
    'INSERT INTO lost_machine (id, vm_id, host_id, operation_id, proven_at, wants_restart, created_at) VALUES (?, ?, ?, ?, NOW(3), 1, NOW(3))',
    [randomUUID(), lost, hosts[1], randomUUID()],
  );
  return {
    failOverHost: { id: hosts[0] },
    failOverVirtualMachine: { id: lost },
    reinstateHost: { id: hosts[2] },
  };
}

/** As {@link makeCalls}, of disks and sizes. */
async function volumeCalls(): Promise<Record<string, Params>> {
  const offerings = itemsOf(await cloud.admin.call('listDiskOfferings', { name: 'Custom' }));
  const place = { zoneid: basis.zoneId, diskofferingid: offerings[0]!.id, size: '1' };
  const volume = () => make('createVolume', { ...place, storageid: basis.poolId });
  const attached = async () => make('attachVolume', { id: await volume(), virtualmachineid: await deployed() });
  await db().execute('UPDATE template SET is_dynamically_scalable = 1 WHERE id = ?', [basis.templateId]);
  made += 1;
  const size = { name: `grows-${made}`, displaytext: 'g', cpuspeed: '500', dynamicscalingenabled: 'true' };
  const small = await make('createServiceOffering', { ...size, cpunumber: '1', memory: '512' });
  const large = await make('createServiceOffering', { ...size, cpunumber: '2', memory: '768' });
  const growing = await make('deployVirtualMachine', { ...deployParams(basis), serviceofferingid: small });
  return {
    createVolume: { ...place, storageid: basis.poolId },
    attachVolume: { id: await volume(), virtualmachineid: await deployed() },
    detachVolume: { id: await attached() },
    resizeVolume: { id: await attached(), size: '2' },
    deleteVolume: { id: await volume() },
    scaleVirtualMachine: { id: growing, serviceofferingid: large },
  };
}

const operations = (after: number) =>
  db().query<Row>('SELECT id, kind, run, state, parent_id AS parent FROM operation WHERE seq > ? ORDER BY kind', [
    after,
  ]);

/** Of these, those that were asked for here, and not by another. */
const asked = async (after: number) => (await operations(after)).filter(({ parent }) => parent === null);

/** Asks for everything while no host answers, meddles with every workflow, and lets hosts answer again. */
async function meddle(how: (client: Client, workflowId: string) => Promise<unknown>): Promise<readonly Row[]> {
  const calls = await makeCalls();
  expect(Object.keys(calls).sort(), 'a workflow is missing in makeCalls()').toEqual(kinds);
  const [last] = await db().query<{ seq: number }>('SELECT MAX(seq) AS seq FROM operation');
  const before = Number(last!.seq);
  await cloud.agent.kill('SIGSTOP');
  for (const controller of controllers) controller.hold();
  // Those that answer with what they made, answer when they have made it.
  const answers = Object.entries(calls).map(([command, params]) =>
    command === 'addHost' ? cloud.addHost(basis) : cloud.admin.call(command, params),
  );
  const settled = Promise.allSettled(answers);
  const elsewhere = () =>
    db().query(
      `SELECT kind, state, step_title, step_detail, error_message FROM operation
        WHERE seq > ? AND NOT (state = 'running' AND step_token > 0)`,
      [before],
    );
  const all = async () => (await asked(before)).length === kinds.length && (await elsewhere()).length === 0;
  await eventually('every operation is at a call to a host', all, LIMIT_MS / 2).catch(async () =>
    expect(await elsewhere(), 'every operation is at a call to a host').toEqual([]),
  );
  const client = new Client({ connection });
  await Promise.all((await asked(before)).map(({ id, run }) => how(client, `${id}-${run}`)));
  await cloud.agent.kill('SIGCONT');
  for (const controller of controllers) controller.release();
  await eventually(
    'every operation has ended',
    async () => (await operations(before)).every(({ state }) => !['queued', 'granted', 'running'].includes(state)),
    LIMIT_MS,
  );
  await settled;
  expect((await operations(before)).filter(({ state }) => state !== 'succeeded')).toEqual([]);
  return asked(before);
}

const allSucceeded = () => kinds.map((kind) => expect.objectContaining({ kind, state: 'succeeded' }) as unknown);

it(
  'every workflow is terminated at a call to a host: another run goes on from its row',
  async () => {
    const rows = await meddle((client, id) => client.workflow.getHandle(id).terminate('by an operator'));
    expect(rows, readFileSync(join(cloud.directory, 'worker.log'), 'utf8').slice(-4_000)).toEqual(allSucceeded());
    expect(rows.every(({ run }) => run > 1)).toBe(true);
    expect(await inconsistenciesOf(cloud)).toEqual([]);
  },
  2 * LIMIT_MS,
);

it(
  'every workflow is reset to its beginning at a call to a host: nothing happens twice',
  async () => {
    const FIRST_TASK_COMPLETED = 4;
    const rows = await meddle(async (client, workflowId) => {
      // A step is noted before the task that began it is.
      const isDone = async () =>
        (await client.workflow.getHandle(workflowId).describe()).historyLength > FIRST_TASK_COMPLETED;
      await eventually('its first task being done', isDone, LIMIT_MS);
      await client.workflowService.resetWorkflowExecution({
        namespace: 'default',
        workflowExecution: { workflowId },
        workflowTaskFinishEventId: FIRST_TASK_COMPLETED as never,
        requestId: randomUUID(),
        reason: 'by an operator',
      });
    });
    expect(rows).toEqual(allSucceeded());
    expect(await inconsistenciesOf(cloud)).toEqual([]);
  },
  2 * LIMIT_MS,
);

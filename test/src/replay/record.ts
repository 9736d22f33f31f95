/**
 * Records a history of every workflow, done and undone: `node test/dist/replay/record.js`.
 *
 * Until the first tagged release they may be recorded anew when a workflow changes; afterwards changed behaviour
 * goes behind `patched()`, and old histories stay.
 */
import { scheduleIdOf } from '@durastack/activities/loops/drs-schedules';
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import setupMariadb from '../support/global-setup.js';
import { deployParams, eventually, itemsOf, makeBasis, objectOf, registerIso, type Basis } from '../support/basis.js';
import { startRedfish, type TestRedfish } from '../oobm/controllers.js';
import { startCloud, type Cloud } from '../support/cloud.js';
import { Client, Connection } from '@temporalio/client';
import { HISTORIES } from './histories.js';

const dropMariadb = await setupMariadb();
const cloud = await startCloud();
try {
  await everyOperation(cloud);
  await save(cloud);
} finally {
  await cloud.stop();
  await dropMariadb();
}

async function everyOperation(world: Cloud): Promise<void> {
  const basis = await makeBasis(world, { hosts: 2 });
  const { admin } = world;
  const vm = objectOf(await admin.callAndWait('deployVirtualMachine', deployParams(basis)));
  await disksAndSizes(world, basis, vm.id);
  await migrate(world, vm.id);
  for (const command of [
    'rebootVirtualMachine',
    'stopVirtualMachine',
    'startVirtualMachine',
    'destroyVirtualMachine',
    'expungeVirtualMachine',
  ]) {
    await admin.callAndWait(command, { id: vm.id });
  }
  await restore(world, basis);
  await nics(world, basis);
  await discs(world, basis);
  await migrateThereAndBack(world, basis);
  // Larger than any host: turned back at its first step.
  const huge = objectOf(
    await admin.callAndWait('createServiceOffering', {
      name: 'huge',
      displaytext: 'huge',
      cpunumber: '512',
      cpuspeed: '4000',
      memory: '9000000',
    }),
  );
  const refused = await admin.call('deployVirtualMachine', { ...deployParams(basis), serviceofferingid: huge.id });
  await admin.waitForJob(String(refused['jobid']));
  await admin.callAndWait('destroyVirtualMachine', { id: String(refused['id']), expunge: 'true' });
  await maintenance(world, basis);
  await removals(world, basis);
  await balancing(world, basis);
  await controllers(world, basis.hostIds[0]!);
  await ha(world, basis);
  await admin.callAndWait('reconnectHost', { id: basis.hostIds[0]! });
  await admin.callAndWait('deleteHost', { id: basis.hostIds[1]! });
  await admin.callAndWait('deleteNetwork', { id: basis.networkId });
  await admin.callAndWait('deleteTemplate', { id: basis.templateId });
  await admin.callAndWait('deleteStoragePool', { id: basis.poolId });
}

/** A running machine's disk made anew, turned back by its start, and that of a stopped one. */
async function restore(world: Cloud, basis: Basis): Promise<void> {
  const { admin, simulate } = world;
  const vm = objectOf(await admin.callAndWait('deployVirtualMachine', deployParams(basis)));
  const again = { virtualmachineid: vm.id };
  await admin.callAndWait('restoreVirtualMachine', again);
  const action = { kind: 'refuse', code: 'STEP_REFUSED', message: 'No.' };
  await simulate('POST', '/faults', { verb: 'ensureVmRunning', point: 'before-effect', action, times: 1 });
  await admin.waitForJob(String((await admin.call('restoreVirtualMachine', again))['jobid']));
  await admin.callAndWait('stopVirtualMachine', { id: vm.id, forced: 'true' });
  await admin.callAndWait('restoreVirtualMachine', again);
  await templateOf(world, vm.id);
  await admin.callAndWait('expungeVirtualMachine', { id: vm.id });
}

/** A template of a disk, and one that the host refuses. */
async function templateOf({ admin, simulate }: Cloud, virtualmachineid: string): Promise<void> {
  const [osType] = itemsOf(await admin.call('listOsTypes'));
  const params = { name: 'of a disk', ostypeid: osType!.id, virtualmachineid };
  const made = objectOf(await admin.callAndWait('createTemplate', params));
  await admin.callAndWait('deleteTemplate', { id: made.id });
  const action = { kind: 'refuse', code: 'STEP_REFUSED', message: 'No.' };
  await simulate('POST', '/faults', { verb: 'storeVolumeImage', point: 'before-effect', action, times: 1 });
  const refused = await admin.call('createTemplate', params);
  await admin.waitForJob(String(refused['jobid']));
  await admin.callAndWait('deleteTemplate', { id: String(refused['id']) });
}

/** An interface that is plugged in, one that is refused, and one that the host does not take back at first. */
async function nics({ admin, simulate }: Cloud, basis: Basis): Promise<void> {
  const vm = objectOf(await admin.callAndWait('deployVirtualMachine', deployParams(basis)));
  const [offering] = itemsOf(await admin.call('listNetworkOfferings', { name: 'DefaultSharedNetworkOffering' }));
  const range = { gateway: '10.77.0.1', netmask: '255.255.255.0', startip: '10.77.0.2', endip: '10.77.0.9' };
  const named = { name: 'second', displaytext: 'second', zoneid: basis.zoneId, networkofferingid: offering!.id };
  const network = objectOf(await admin.callAndWait('createNetwork', { ...named, ...range }));
  const add = { virtualmachineid: vm.id, networkid: network.id };
  const refused = async (command: string, params: Record<string, string>) => {
    const action = { kind: 'refuse', code: 'STEP_REFUSED', message: 'No.' };
    await simulate('POST', '/faults', { verb: 'ensureVmNics', point: 'before-effect', action, times: 1 });
    await admin.waitForJob(String((await admin.call(command, params))['jobid']));
  };
  await refused('addNicToVirtualMachine', add);
  await admin.callAndWait('addNicToVirtualMachine', add);
  const [, nic] = itemsOf(await admin.call('listNics', { virtualmachineid: vm.id }));
  const remove = { virtualmachineid: vm.id, nicid: nic!.id };
  await refused('removeNicFromVirtualMachine', remove);
  await admin.callAndWait('removeNicFromVirtualMachine', remove);
  const give = { nicid: itemsOf(await admin.call('listNics', { virtualmachineid: vm.id }))[0]!.id };
  await refused('addIpToNic', give);
  const take = { id: objectOf(await admin.callAndWait('addIpToNic', give)).id };
  await refused('removeIpFromNic', take);
  await admin.callAndWait('removeIpFromNic', take);
  await admin.callAndWait('expungeVirtualMachine', { id: vm.id });
  await admin.callAndWait('deleteNetwork', { id: network.id });
}

/** A disc that is put in and taken out, each after it was refused once. */
async function discs({ admin, simulate }: Cloud, basis: Basis): Promise<void> {
  const virtualmachineid = objectOf(await admin.callAndWait('deployVirtualMachine', deployParams(basis))).id;
  const id = await registerIso(admin, basis.zoneId);
  const action = { kind: 'refuse', code: 'STEP_REFUSED', message: 'No.' };
  for (const [command, params] of [
    ['attachIso', { id, virtualmachineid }],
    ['detachIso', { virtualmachineid }],
  ] as const) {
    await simulate('POST', '/faults', { verb: 'ensureVmDisc', point: 'before-effect', action, times: 1 });
    await admin.waitForJob(String((await admin.call(command, params))['jobid']));
    await admin.callAndWait(command, params);
  }
  await admin.callAndWait('expungeVirtualMachine', { id: virtualmachineid });
  await admin.callAndWait('deleteIso', { id });
}

/** A disk to another pool: live, at rest, and turned back by its first step. */
async function migrateThereAndBack(world: Cloud, basis: Awaited<ReturnType<typeof makeBasis>>): Promise<void> {
  const { admin } = world;
  const path = join(world.directory, 'other-pool');
  mkdirSync(path);
  const { zoneId: zoneid, podId: podid, clusterId: clusterid } = basis;
  const place = { zoneid, podid, clusterid, name: 'other', url: `SharedMountPoint://localhost${path}` };
  const pool = objectOf(await admin.callAndWait('createStoragePool', place));
  const vm = objectOf(await admin.callAndWait('deployVirtualMachine', deployParams(basis)));
  const [disk] = itemsOf(await admin.call('listVolumes', { virtualmachineid: vm.id }));
  const targets = [pool.id, basis.poolId].sort(
    (a, b) => Number(a === disk!['storageid']) - Number(b === disk!['storageid']),
  );
  const move = (storageid: string, livemigrate: string) =>
    admin.callAndWait('migrateVolume', { volumeid: disk!.id, storageid, livemigrate });
  await move(targets[0]!, 'true');
  await admin.callAndWait('stopVirtualMachine', { id: vm.id });
  await move(targets[1]!, 'false');
  // Behind the start, which makes it need livemigrate.
  await admin.call('startVirtualMachine', { id: vm.id });
  const late = { volumeid: disk!.id, storageid: targets[0]!, livemigrate: 'false' };
  await admin.waitForJob(String((await admin.call('migrateVolume', late))['jobid']));
  await moveWithDisk(world, { vmId: vm.id, volumeId: disk!.id }, targets);
  await admin.callAndWait('expungeVirtualMachine', { id: vm.id });
  await admin.callAndWait('deleteStoragePool', { id: pool.id });
}

/** A machine together with its disk: live, turned back by the destination, and its disk alone at rest. */
async function moveWithDisk(
  { admin, simulate }: Cloud,
  { vmId, volumeId }: { vmId: string; volumeId: string },
  [there, back]: readonly string[],
): Promise<void> {
  const move = async (pool: string, more: Record<string, string>) => {
    const disk = { 'migrateto[0].volume': volumeId, 'migrateto[0].pool': pool };
    const { jobid } = await admin.call('migrateVirtualMachineWithVolume', { virtualmachineid: vmId, ...disk, ...more });
    await admin.waitForJob(String(jobid));
  };
  await move(there!, { autoselect: 'true' });
  const action = { kind: 'refuse', code: 'STEP_REFUSED', message: 'No.' };
  await simulate('POST', '/faults', { verb: 'receiveVm', point: 'before-effect', action, times: 1 });
  await move(back!, { autoselect: 'true' });
  await admin.callAndWait('stopVirtualMachine', { id: vmId, forced: 'true' });
  await move(back!, {});
}

/** Hosts that are emptied, maintained one after the other, and one whose machine has nowhere to go. */
async function maintenance({ admin }: Cloud, basis: Awaited<ReturnType<typeof makeBasis>>): Promise<void> {
  const vm = objectOf(await admin.callAndWait('deployVirtualMachine', deployParams(basis)));
  const place = async () => String(itemsOf(await admin.call('listVirtualMachines', { id: vm.id }))[0]!['hostid']);
  const left = await place();
  await admin.callAndWait('prepareHostForMaintenance', { id: left });
  // Nowhere to go: turned back at its third step.
  const last = await admin.call('maintainHost', { id: await place() });
  await admin.waitForJob(String(last['jobid']));
  await admin.callAndWait('cancelHostMaintenance', { id: left });
  // Two hosts have no reserve: stopped at once, unless forced.
  const hostids = basis.hostIds.join(',');
  const refused = await admin.call('startRollingMaintenance', { hostids });
  await admin.waitForJob(String(refused['jobid']));
  await admin.callAndWait('startRollingMaintenance', { hostids, forced: 'true' });
  await admin.callAndWait('expungeVirtualMachine', { id: vm.id });
}

/** An account with a machine, a domain with an account, and an empty project, which go. */
async function removals({ admin }: Cloud, basis: Basis): Promise<void> {
  const person = { password: 'secret-of-the-record', firstname: 'a', lastname: 'b', email: 'a@example.org' };
  const domain = objectOf(await admin.callAndWait('createDomain', { name: 'going' }));
  const inside = { ...person, username: 'inside', domainid: domain.id };
  const account = objectOf(await admin.callAndWait('createAccount', inside));
  const owner = { account: 'inside', domainid: domain.id };
  await admin.callAndWait('deployVirtualMachine', { ...deployParams(basis), ...owner });
  await admin.callAndWait('deleteAccount', { id: account.id });
  await admin.callAndWait('createAccount', inside);
  await admin.callAndWait('deleteDomain', { id: domain.id, cleanup: 'true' });
  const project = objectOf(await admin.callAndWait('createProject', { name: 'going' }));
  await admin.callAndWait('deleteProject', { id: project.id, cleanup: 'true' });
}

/** A machine that moves as planned, and a plan whose host is out of use by then. */
async function balancing(world: Cloud, { clusterId, hostIds, ...basis }: Basis): Promise<void> {
  const { admin } = world;
  const [host, other] = hostIds as [string, string];
  const params = { ...deployParams({ clusterId, hostIds, ...basis }), hostid: host };
  const vm = objectOf(await admin.callAndWait('deployVirtualMachine', params));
  const move = (to: string) => ({ id: clusterId, 'migrateto[0].vm': vm.id, 'migrateto[0].host': to });
  await admin.callAndWait('executeClusterDrsPlan', move(other));
  // Behind a change of its host, which turns it back.
  for (const [name, value] of [
    ['drs.algorithm', 'balanced'],
    ['drs.imbalance', '1'],
  ] as const)
    await admin.call('updateConfiguration', { name, value, clusterid: clusterId });
  const second = objectOf(await admin.callAndWait('deployVirtualMachine', { ...params, hostid: other }));
  const plan = objectOf(await admin.call('generateClusterDrsPlan', { id: clusterId }));
  await admin.call('updateHost', { id: host, allocationstate: 'Disable' });
  const late = await admin.call('executeClusterDrsPlan', { id: clusterId, planid: plan.id });
  await admin.waitForJob(String(late['jobid']));
  await admin.call('updateHost', { id: host, allocationstate: 'Enable' });
  for (const { id } of [vm, second]) await admin.callAndWait('expungeVirtualMachine', { id });
  await bySchedule(world, clusterId);
}

/** What the schedule of a cluster starts. */
async function bySchedule({ admin, temporalAddress }: Cloud, clusterid: string): Promise<void> {
  const set = (value: string) => admin.call('updateConfiguration', { name: 'drs.automatic.enable', value, clusterid });
  await set('true');
  const connection = await Connection.connect({ address: temporalAddress });
  try {
    const client = new Client({ connection });
    const schedule = client.schedule.getHandle(scheduleIdOf(clusterid));
    const there = () =>
      schedule.trigger().then(
        () => true,
        () => false,
      );
    await eventually('the schedule being there', there);
    await eventually('its workflow having ended', async () => {
      const done = client.workflow.list({ query: `WorkflowType = 'balanceCluster' AND ExecutionStatus = 'Completed'` });
      for await (const _ of done) return true;
      return false;
    });
  } finally {
    await connection.close();
  }
  await set('false');
}

/** A host that loses its power and comes back, and one that is heard again in time. */
async function ha(world: Cloud, basis: Basis): Promise<void> {
  const { admin, simulate } = world;
  const size = { name: 'ha', displaytext: 'ha', cpunumber: '1', cpuspeed: '500', memory: '128', offerha: 'true' };
  const offering = objectOf(await admin.callAndWait('createServiceOffering', size));
  const vm = objectOf(
    await admin.callAndWait('deployVirtualMachine', { ...deployParams(basis), serviceofferingid: offering.id }),
  );
  const lost = String(itemsOf(await admin.call('listVirtualMachines', { id: vm.id }))[0]!['hostid']);
  const stateOf = async () => itemsOf(await admin.call('listHosts', { id: lost }))[0]!['state'];
  const until = (state: string) => eventually(`the host being ${state}`, async () => (await stateOf()) === state);
  const network = (on: boolean) => simulate('POST', `/hosts/${lost}/network`, { on });
  await network(false);
  await until('Disconnected');
  const { jobid: inVain } = await admin.call('failOverHost', { id: lost });
  await network(true);
  await admin.waitForJob(String(inVain));
  await simulate('POST', `/hosts/${lost}/power`, { on: false });
  await until('Disconnected');
  await admin.call('declareHostLost', { id: lost });
  await admin.callAndWait('failOverHost', { id: lost });
  await simulate('POST', `/hosts/${lost}/power`, { on: true });
  await admin.callAndWait('reinstateHost', { id: lost });
  await admin.callAndWait('expungeVirtualMachine', { id: vm.id });
}

/** A management controller that obeys, one that refuses, and its password. */
async function controllers({ admin }: Cloud, hostid: string): Promise<void> {
  const controller = await startRedfish();
  const configure = ({ port, ...login }: TestRedfish['login']) =>
    admin.call('configureOutOfBandManagement', { hostid, port: String(port), ...login });
  await configure(controller.login);
  await admin.callAndWait('enableOutOfBandManagementForHost', { hostid });
  await admin.callAndWait('issueOutOfBandManagementPowerAction', { hostid, action: 'OFF' });
  await admin.callAndWait('changeOutOfBandManagementPassword', { hostid });
  await configure({ ...controller.login, password: 'wrong' });
  for (const [command, params] of [
    ['issueOutOfBandManagementPowerAction', { hostid, action: 'STATUS' }],
    ['changeOutOfBandManagementPassword', { hostid }],
  ] as const) {
    const { jobid } = await admin.call(command, params);
    await admin.waitForJob(String(jobid));
  }
  await controller.stop();
}

/** A data disk that comes and goes, and a machine that grows. */
async function disksAndSizes({ admin }: Cloud, basis: Basis, vmId: string): Promise<void> {
  const [offering] = itemsOf(await admin.call('listDiskOfferings', { name: 'Custom' }));
  const params = { zoneid: basis.zoneId, diskofferingid: offering!.id, size: '1' };
  const { id } = objectOf(await admin.callAndWait('createVolume', params));
  await admin.callAndWait('attachVolume', { id, virtualmachineid: vmId });
  await admin.callAndWait('resizeVolume', { id, size: '2' });
  await admin.callAndWait('detachVolume', { id });
  await admin.callAndWait('deleteVolume', { id });
  // Larger than any pool: turned back at its first step.
  const refused = await admin.call('createVolume', { ...params, size: '65536', storageid: basis.poolId });
  await admin.waitForJob(String(refused['jobid']));
  const stopped = objectOf(
    await admin.callAndWait('deployVirtualMachine', { ...deployParams(basis), startvm: 'false' }),
  );
  const [size] = itemsOf(await admin.call('listServiceOfferings', { name: 'Small Instance' }));
  await admin.callAndWait('scaleVirtualMachine', { id: stopped.id, serviceofferingid: size!.id });
  await admin.callAndWait('expungeVirtualMachine', { id: stopped.id });
}

/** Moved; refused by the destination; and moved with nobody hearing of it, which is found out while turning back. */
async function migrate({ admin, simulate }: Cloud, virtualmachineid: string): Promise<void> {
  await admin.callAndWait('migrateVirtualMachine', { virtualmachineid });
  const refuse = { kind: 'refuse', code: 'STEP_REFUSED', message: 'No.' };
  for (const [verb, point] of [
    ['receiveVm', 'before-effect'],
    ['sendVm', 'after-effect'],
  ] as const) {
    await simulate('POST', '/faults', { verb, point, action: refuse, times: 1 });
    const { jobid } = await admin.call('migrateVirtualMachine', { virtualmachineid });
    await admin.waitForJob(String(jobid));
  }
  await migrateByPostCopy(admin, virtualmachineid);
}

/** It goes before its memory: the pivot is passed before the step that passes it has ended. */
async function migrateByPostCopy(admin: Cloud['admin'], virtualmachineid: string): Promise<void> {
  const clusterid = itemsOf(await admin.call('listClusters'))[0]!.id;
  const set = (name: string, value: string) => admin.call('updateConfiguration', { name, value, clusterid });
  await set('vm.migrate.postcopy.after', '0');
  await set('vm.migrate.postcopy.enable', 'true');
  await admin.callAndWait('migrateVirtualMachine', { virtualmachineid });
  await set('vm.migrate.postcopy.enable', 'false');
}

async function save(world: Cloud): Promise<void> {
  const connection = await Connection.connect({ address: world.temporalAddress });
  const client = new Client({ connection });
  const counts = new Map<string, number>();
  for await (const execution of client.workflow.list()) {
    const show = [
      'workflow',
      'show',
      '--workflow-id',
      execution.workflowId,
      '--output',
      'json',
      '--address',
      world.temporalAddress,
    ];
    const history = execFileSync(world.temporalBinary, show, {
      encoding: 'utf8',
      env: { HOME: world.directory },
      maxBuffer: 2 ** 26,
    });
    const number = (counts.get(execution.type) ?? 0) + 1;
    counts.set(execution.type, number);
    mkdirSync(HISTORIES + execution.type, { recursive: true });
    writeFileSync(`${HISTORIES}${execution.type}/recorded-${number}.json`, withoutMachine(history));
  }
  await connection.close();
  process.stdout.write(`${[...counts].map(([type, count]) => `${type}: ${count}`).join('\n')}\n`);
}

/** Where it was recorded does not belong into the repository, and replaying does not look at it. */
function withoutMachine(history: string): string {
  const foreign = new Set(['stackTrace', 'identity']);
  const kept = (key: string, value: unknown) => (foreign.has(key) ? '' : value);
  return `${JSON.stringify(JSON.parse(history), kept, 1)}\n`;
}

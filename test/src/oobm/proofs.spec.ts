/** Proof that a silent host's machines are dead: by a real Redfish controller, and by the blocklist of a simulated cluster. */
import { ConfigureOutOfBandManagementHandler } from '@durastack/api/infra/configure-out-of-band-management.command';
import { DeclareHostLostHandler } from '@durastack/api/infra/declare-host-lost.command';
import { EnableOutOfBandManagementForHostHandler } from '@durastack/api/infra/enable-out-of-band-management-for-host.command';
import { ReconnectHostHandler } from '@durastack/api/infra/reconnect-host.command';
import { CreateStoragePoolHandler } from '@durastack/api/storage/create-storage-pool.command';
import { gatherProof, releaseProof } from '@durastack/activities/ha/proof/gather-proof';
import { createWatchdogProof, SilenceClock } from '@durastack/activities/ha/proof/watchdog-proof';
import { createBlocklists } from '@durastack/activities/storage/blocklist';
import type { StepRef } from '@durastack/contracts/operations/step';
import { createPowerControllers } from '@durastack/drivers/power-controllers';
import { newId } from '@durastack/kit/ids/new-id';
import { judgeProof, type VmVerdict } from '@durastack/model/ha/judge-proof';
import type { ProofEvidence, SuspectDisk, SuspectVm } from '@durastack/model/ha/proof-evidence';
import { createOperationPorts } from '@durastack/store/operations/run';
import { beginFence } from '@durastack/store/proof/begin-fence';
import { noteStorageAddresses } from '@durastack/store/proof/storage-addresses';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { addHost, makePlace, settle, type Place } from '../crash/ground.js';
import { startMatrixWorld, type MatrixWorld } from '../crash/matrix-world.js';
import { freePort } from '../support/free-port.js';
import { loadStepLists } from '../support/workflows.js';
import { startRedfish, type TestRedfish } from './controllers.js';

const ADDRESS = '192.0.2.77';
const QUIET_MS = 12_000;
let world: MatrixWorld;
let place: Place;
let controller: TestRedfish;
let suspectId: string;
let poolId: string;
let unarmedPoolId: string;
let step: StepRef;

beforeAll(async () => {
  world = await startMatrixWorld();
  place = { world, workflows: await loadStepLists(), ...(await makePlace(world)) };
  suspectId = await settle(place, 'addHost', await addHost(place));
  const helper = await settle(place, 'addHost', await addHost(place));
  poolId = await settle(place, 'createStoragePool', await createPool({ fencinguser: 'fence', fencingsecret: KEY }));
  unarmedPoolId = await settle(place, 'createStoragePool', await createPool({}));
  controller = await startRedfish();
  const { operationId } = await new ReconnectHostHandler(world.platform).execute(world.call, { id: helper });
  const begun = await createOperationPorts(world.database.source).beginRun({ operationId, run: 1 });
  if (begun.kind !== 'run') throw new TypeError(`The operation did not begin: ${begun.kind}`);
  const { generation, controlEpoch, direction } = begun;
  const at = { index: 0, tokenStep: 1, title: 'Prove', count: 1 };
  step = { operationId, run: 1, generation, controlEpoch, direction, ...at };
});
afterAll(async () => {
  await controller?.stop();
  await world?.stop();
});

const KEY = Buffer.from('010000000000000000001000000102030405060708090a0b0c0d0e0f', 'hex').toString('base64');
const createPool = (details: Record<string, string>) =>
  new CreateStoragePoolHandler(world.platform).execute(world.call, {
    ...{ zoneId: place.zoneId, podId: place.podId, clusterId: place.clusterId, name: `rbd-${newId()}` },
    url: `rbd://hosts:${encodeURIComponent(KEY)}@192.0.2.1/cloud`,
    details,
  });
const parts = () => ({
  source: world.database.source,
  box: world.platform.secrets,
  agents: world.agents,
  controllers: createPowerControllers(),
});
const blocklists = () => createBlocklists(parts());
const configure = (login = controller.login) =>
  new ConfigureOutOfBandManagementHandler(world.platform).execute(world.call, { hostId: suspectId, ...login });
const noAnswer = async () => configure({ ...controller.login, port: await freePort() });

const givePower = (on: boolean) => world.simulate(`/hosts/${suspectId}/power`, { on });

beforeEach(async () => {
  const { db } = world;
  await givePower(false);
  controller.set('On');
  controller.lies = false;
  await configure();
  await new EnableOutOfBandManagementForHostHandler(world.platform).execute(world.call, { hostId: suspectId });
  for (const table of ['host_fence', 'host_shut_out', 'host_storage_address'])
    await db.execute(`DELETE FROM ${table} WHERE host_id = ?`, [suspectId]);
  await db.execute("UPDATE host SET boot_id = 'before' WHERE id = ?", [suspectId]);
  await db.execute(
    "INSERT INTO host_fence (host_id, operation_id, fence_epoch, boot_id_before, is_held_off, created_at) VALUES (?, ?, 1, 'before', 0, NOW(3))",
    [suspectId, step.operationId],
  );
  await noteStorageAddresses(db, [
    { hostId: suspectId, bootId: 'before', pools: [{ id: poolId, addresses: [ADDRESS] }] },
  ]);
});

const disk = (kind: string, id = newId()): SuspectDisk => ({
  ...{ volumeId: newId(), poolId: kind === 'rbd' ? poolId : id, poolName: kind, poolKind: kind, locks: null },
});
const vm = (...disks: SuspectDisk[]): SuspectVm => ({ vmId: newId(), name: 'web', disks });

/** Looks once, as the fencing operation does. `silentMs`: since the host was last heard. */
async function look(vms: readonly SuspectVm[], silentMs = 60_000): Promise<VmVerdict[]> {
  const [row] = await world.db.query<{ now: number }>('SELECT ROUND(UNIX_TIMESTAMP(NOW(3)) * 1000) AS now');
  const lastSignMs = Number(row!.now) - silentMs;
  const known: ProofEvidence = {
    ...{ hostName: 'suspect', nowMs: Number(row!.now), quietMs: QUIET_MS },
    signsOfLife: [{ what: 'a heartbeat', atMs: lastSignMs }],
  };
  const host = { id: suspectId, name: 'suspect', lastSignMs, disks: vms.flatMap(({ disks }) => disks) };
  return judgeProof(vms, await gatherProof(parts(), { host, known }, step));
}

describe('the management controller', () => {
  it('switches off, says so twice, and the host is held off: proof for all machines, and storage is left alone', async () => {
    const verdicts = await look([vm(disk('rbd')), vm(disk('directory'), disk('rbd')), vm()]);
    expect(verdicts.map(({ isProven }) => isProven)).toEqual([true, true, true]);
    expect(new Set(verdicts.flatMap(({ proofs }) => proofs.map(({ kind }) => kind)))).toEqual(new Set(['held-off']));
    expect(controller.power()).toBe('Off');
    expect(await blocklists().list(poolId)).toEqual([]);
    const [fence] = await world.db.query<{ held: number }>(
      'SELECT is_held_off AS held FROM host_fence WHERE host_id = ?',
      [suspectId],
    );
    expect(Number(fence?.held)).toBe(1);
  });

  it('proves nothing while a neighbour sees the host, whatever it says and however silent that is', async () => {
    await givePower(true);
    controller.set('Off');
    const [verdict] = await look([vm(disk('directory'))]);
    expect(verdict?.isProven).toBe(false);
    expect(verdict?.missing.join()).toMatch(/says off, but the host lives \(an answer to .* came later\)/);
  });

  it('that says yes and does nothing proves nothing', async () => {
    controller.lies = true;
    const [verdict] = await look([vm(disk('directory'))]);
    expect(verdict).toMatchObject({ isProven: false });
    expect(verdict?.missing.join()).toContain('does not say that it is off');
  });

  it('of another machine, which says off while the host lives, proves nothing', async () => {
    controller.set('Off');
    const [lately] = await look([vm(disk('directory'))], 2_000);
    expect(lately?.missing.join()).toContain('once nothing was heard of the host for 12 s');
    // Heard after the first look: the row of looks begins anew, and is not long enough yet.
    const [again] = await look([vm(disk('directory'))], 0);
    expect(again?.isProven).toBe(false);
  });
});

describe('the blocklist', () => {
  it('is proof for disks there when the controller is gone, and for no others', async () => {
    await noAnswer();
    const [onPool, elsewhere] = await look([vm(disk('rbd')), vm(disk('rbd'), disk('directory'))]);
    expect(onPool).toMatchObject({ isProven: true, proofs: [{ kind: 'blocklisted' }] });
    expect(elsewhere).toMatchObject({ isProven: false, proofs: [{ kind: 'blocklisted' }] });
    expect(elsewhere?.missing.join()).toMatch(/controller of suspect proves nothing: .* does not answer/);
    expect(await blocklists().list(poolId)).toEqual([ADDRESS]);
  });

  it('is lifted only when the host reports a new boot and nothing of before', async () => {
    await noAnswer();
    await look([vm(disk('rbd'))]);
    const release = (wholly = false) => releaseProof(parts(), { hostId: suspectId, how: { wholly } }, step);
    expect(await release()).toContain('until it reports that it was started anew');
    await givePower(true);
    expect(await blocklists().list(poolId)).toEqual([ADDRESS]);
    await world.db.execute("UPDATE host SET boot_id = 'after' WHERE id = ?", [suspectId]);
    expect(await release()).toBeUndefined();
    expect(await blocklists().list(poolId)).toEqual([]);
    expect(await world.db.query('SELECT 1 FROM host_shut_out WHERE host_id = ?', [suspectId])).toEqual([]);
    expect(await world.db.query('SELECT 1 FROM host_storage_address WHERE host_id = ?', [suspectId])).toEqual([]);
  });

  it('is lifted at once when nothing was started elsewhere', async () => {
    await noAnswer();
    await look([vm(disk('rbd'))]);
    expect(await releaseProof(parts(), { hostId: suspectId, how: { wholly: true } }, step)).toBeUndefined();
    expect(await blocklists().list(poolId)).toEqual([]);
  });

  it('shuts nobody else out: an address that two hosts report is none', async () => {
    await noAnswer();
    const other = await settle(place, 'addHost', await addHost(place));
    await noteStorageAddresses(world.db, [
      { hostId: other, bootId: 'x', pools: [{ id: poolId, addresses: [ADDRESS] }] },
    ]);
    const [verdict] = await look([vm(disk('rbd'))]);
    await world.db.execute('DELETE FROM host_storage_address WHERE host_id = ?', [other]);
    expect(verdict?.missing.join()).toContain(`${ADDRESS} is also an address of`);
    expect(await blocklists().list(poolId)).toEqual([]);
  });

  it('proves nothing while no address is known, or the pool has no fencing user', async () => {
    await noAnswer();
    await world.db.execute('DELETE FROM host_storage_address WHERE host_id = ?', [suspectId]);
    const [unknown] = await look([vm(disk('rbd'))]);
    expect(unknown?.missing.join()).toContain('no address is known');
    await noteStorageAddresses(world.db, [
      { hostId: suspectId, bootId: 'before', pools: [{ id: unarmedPoolId, addresses: [ADDRESS] }] },
    ]);
    const [unarmed] = await look([vm({ ...disk('rbd'), poolId: unarmedPoolId })]);
    expect(unarmed?.missing.join()).toContain('it has no fencing user');
  });
});

describe('the hardware watchdog', () => {
  const LEASE_MS = 20_000;
  const PERIOD_MS = 10_000;
  const arm = (armed: boolean) =>
    world.db.execute(
      'UPDATE host SET watchdog_period_ms = ?, watchdog_lease_ms = ?, last_heartbeat_at = NOW(3) WHERE id = ?',
      [...(armed ? [PERIOD_MS, LEASE_MS] : [null, null]), suspectId],
    );
  let nowMs = 0;
  const watchdogOf = async (clock: SilenceClock) => {
    const host = { id: suspectId, name: 'suspect', lastSignMs: null, disks: [] };
    return (await createWatchdogProof(parts(), clock).gather(host, step)).watchdog;
  };
  const isProof = async (clock: SilenceClock) => {
    const watchdog = await watchdogOf(clock);
    const known = { hostName: 'suspect', nowMs: 0, quietMs: 0, signsOfLife: [], ...(watchdog ? { watchdog } : {}) };
    return judgeProof([vm(disk('directory'))], known)[0]!;
  };

  it('is proof once lease, period and a margin are over by the own clock, which starts with the first look', async () => {
    await arm(true);
    const clock = new SilenceClock(() => nowMs);
    expect((await isProof(clock)).missing.join()).toMatch(/watchdog of suspect has \d+ s left/);
    nowMs += LEASE_MS + PERIOD_MS;
    expect((await isProof(clock)).isProven).toBe(false);
    nowMs += 6_000;
    expect(await isProof(clock)).toMatchObject({ isProven: true, proofs: [{ kind: 'watchdog-expired' }] });
    // Another worker, or this one after a restart, has seen nothing of that silence.
    expect((await isProof(new SilenceClock(() => nowMs))).isProven).toBe(false);
  });

  it('begins anew with each heartbeat, and is none where it was not armed at the last one', async () => {
    await arm(true);
    const clock = new SilenceClock(() => nowMs);
    await isProof(clock);
    nowMs += 3_600_000;
    await arm(true);
    expect((await isProof(clock)).isProven).toBe(false);
    nowMs += 3_600_000;
    await arm(false);
    expect(await watchdogOf(clock)).toBeUndefined();
  });
});

describe('declareHostLost', () => {
  const declare = () => new DeclareHostLostHandler(world.platform).execute(world.call, { id: suspectId });
  const heard = (state: string, secondsAgo: number) =>
    world.db.execute('UPDATE host SET state = ?, last_heartbeat_at = NOW(3) - INTERVAL ? SECOND WHERE id = ?', [
      ...[state, secondsAgo, suspectId],
    ]);

  it('is refused while the host reports, and noted with the name of who said it', async () => {
    await heard('Up', 1);
    await expect(declare()).rejects.toMatchObject({ code: 'NOT_ALLOWED_IN_STATE' });
    await heard('Disconnected', 10);
    await expect(declare()).rejects.toMatchObject({ code: 'NOT_ALLOWED_IN_STATE' });
    await heard('Disconnected', 3_600);
    await declare();
    const [row] = await world.db.query<{ by: string }>(
      'SELECT declared_lost_by AS `by` FROM host_fence WHERE host_id = ?',
      [suspectId],
    );
    expect(row?.by).toBe('admin/admin');
    await heard('Up', 0);
  });

  it('counts no more when the host has been heard since, and the next fencing begins from its present boot', async () => {
    const { db } = world;
    const read = async () => {
      const [row] = await db.query(
        'SELECT declared_lost_by, boot_id_before, operation_id FROM host_fence WHERE host_id = ?',
        [suspectId],
      );
      return row;
    };
    await db.execute('DELETE FROM host_fence WHERE host_id = ?', [suspectId]);
    await heard('Disconnected', 3_600);
    await declare();
    await db.execute("UPDATE host SET boot_id = 'later', last_heartbeat_at = NOW(3) + INTERVAL 1 SECOND WHERE id = ?", [
      suspectId,
    ]);
    const { operationId } = step;
    await beginFence(db, { hostId: suspectId, operationId });
    const begun = { declared_lost_by: null, boot_id_before: 'later', operation_id: operationId };
    expect(await read()).toEqual(begun);
    await db.execute("UPDATE host SET boot_id = 'returned' WHERE id = ?", [suspectId]);
    await beginFence(db, { hostId: suspectId, operationId });
    expect(await read()).toEqual(begun);
  });
});

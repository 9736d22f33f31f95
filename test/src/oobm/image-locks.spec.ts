/** Image locks on a shared directory of simulated hosts: tried between hosts, and taken as proof of a lost one's end. */
import { createLockProof } from '@durastack/activities/ha/proof/lock-proof';
import { readSuspectVms } from '@durastack/activities/ha/fence-rows';
import { tryLocks } from '@durastack/activities/loops/lock-trials';
import type { StepRef } from '@durastack/contracts/operations/step';
import { createLogger } from '@durastack/kit/log/logger';
import { judgeProof } from '@durastack/model/ha/judge-proof';
import { createOperationPorts } from '@durastack/store/operations/run';
import { beginFence } from '@durastack/store/proof/begin-fence';
import { noteMounts, readDueTrials, readHoldersOf } from '@durastack/store/proof/lock-trials';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { addHost, createPool, deployed, expunge, makeGround, only, settle, type Ground } from '../crash/ground.js';
import { failOver, restart, reviveHosts } from '../crash/ha-ground.js';
import { startMatrixWorld, type MatrixWorld } from '../crash/matrix-world.js';
import { loadStepLists } from '../support/workflows.js';

let world: MatrixWorld;
let ground: Ground;
let poolId: string;
let hosts: string[];

beforeAll(async () => {
  world = await startMatrixWorld();
  ground = await makeGround(world, await loadStepLists());
  poolId = await settle(ground, 'createStoragePool', await createPool(ground));
  hosts = [...ground.hostIds];
});
afterAll(() => world?.stop());
beforeEach(async () => {
  await world.db.execute('DELETE FROM host_pool');
  await world.db.execute('UPDATE storage_pool SET locks = NULL WHERE id = ?', [poolId]);
  await reach(true);
});

const reach = (yes: boolean) => world.simulate(`/pools/${poolId}/locks`, { reach: yes });
const report = (hostId: string, mount = 'simulated #000000000000') =>
  noteMounts(world.db, [{ hostId, pools: [{ id: poolId, mount }] }]);
const due = () => readDueTrials(world.db, 10);
const parts = () => ({
  source: world.database.source,
  agents: world.agents,
  log: createLogger('locks', 'silent'),
  holder: 'x',
});
const holders = async (lost = '') => (await readHoldersOf(world.db, poolId, lost)).map(({ id }) => id).sort();

/** As the loop does until nothing is due. */
async function tryAll(): Promise<void> {
  for (const hostId of hosts) await report(hostId);
  for (let round = 0; round < 5; round += 1)
    for (const trial of (await due()).slice(0, 1)) await tryLocks(parts(), trial);
}

async function shownLocks(): Promise<string | null> {
  const [row] = await world.db.query<{ locks: string | null }>('SELECT locks FROM storage_pool WHERE id = ?', [poolId]);
  return row!.locks;
}

describe('a trial', () => {
  it('waits for a second host, then proves both, and is repeated after a restart or a new mount of one', async () => {
    await report(hosts[0]!);
    expect(await due()).toEqual([]);
    await report(hosts[1]!);
    await tryAll();
    expect(await due()).toEqual([]);
    expect(await shownLocks()).toBe('proven');
    expect(await holders()).toEqual([...hosts].sort());
    await report(hosts[0]!, 'simulated #another');
    expect(await holders()).toEqual([hosts[1]]);
    expect((await due()).map(({ one }) => one.id)).toEqual([hosts[0]]);
    await tryAll();
    await restart(ground, hosts[1]!);
    expect(await holders()).toEqual([hosts[0]]);
    expect((await due()).map(({ one }) => one.id)).toEqual([hosts[1]]);
    await tryAll();
    expect(await holders()).toEqual([...hosts].sort());
  });

  it('that fails is shown, with what was found', async () => {
    await reach(false);
    await tryAll();
    expect(await shownLocks()).toBe('not proven');
    expect(await holders()).toEqual([]);
    const [row] = await world.db.query<{ detail: string }>('SELECT detail FROM host_pool WHERE host_id = ?', [
      hosts[0],
    ]);
    expect(row?.detail).toMatch(/^QEMU of .* opened an image that QEMU of .* had open$/);
  });

  it('of a new host that fails leaves the others what they have', async () => {
    await tryAll();
    const added = await settle(ground, 'addHost', await addHost(ground));
    await report(added);
    await reach(false);
    for (const trial of await due()) await tryLocks(parts(), trial);
    expect(await holders()).toEqual([...hosts].sort());
    expect(await shownLocks()).toBe('not proven');
    await world.db.execute("UPDATE host SET state = 'Removed' WHERE id = ?", [added]);
  });

  it('takes no word of a host about a pool that it does not reach', async () => {
    await world.db.execute("UPDATE storage_pool SET cluster_id = 'elsewhere' WHERE id = ?", [poolId]);
    await report(hosts[0]!);
    await world.db.execute('UPDATE storage_pool SET cluster_id = ? WHERE id = ?', [ground.clusterId, poolId]);
    expect(await world.db.query('SELECT 1 FROM host_pool')).toEqual([]);
  });
});

describe('a host without a management controller', () => {
  const deploy = () => only(ground, { table: 'storage_pool', id: poolId }, () => deployed(ground));
  const hostOf = async (vmId: string) => {
    const [vm] = await world.db.query<{ hostId: string; state: string }>(
      'SELECT host_id AS hostId, state FROM virtual_machine WHERE id = ?',
      [vmId],
    );
    return vm!;
  };
  const holds = () => world.db.query('SELECT volume_id FROM volume_hold');
  const silence = (hostId: string) =>
    world.db.execute(
      "UPDATE host SET state = 'Disconnected', last_heartbeat_at = NOW(3) - INTERVAL 1 HOUR WHERE id = ?",
      [hostId],
    );

  it('that lost its power: its machine runs elsewhere without a person, and nothing is held any more', async () => {
    const vmId = await deploy();
    await tryAll();
    await world.db.execute(
      'UPDATE virtual_machine v JOIN service_offering o ON o.id = v.service_offering_id SET o.offer_ha = 1 WHERE v.id = ?',
      [vmId],
    );
    const { hostId } = await hostOf(vmId);
    await world.simulate(`/hosts/${hostId}/power`, { on: false });
    await silence(hostId);
    await settle(ground, 'failOverHost', await failOver(ground, hostId));
    const { hostId: there, state } = await hostOf(vmId);
    expect(state).toBe('Running');
    expect(there).not.toBe(hostId);
    expect(await holds()).toEqual([]);
    await reviveHosts(ground);
    await expunge(ground, vmId);
  });

  describe('that is cut off and lives', () => {
    let step: StepRef;
    let vmId: string;
    let lostId: string;
    beforeAll(async () => {
      vmId = await deploy();
      lostId = (await hostOf(vmId)).hostId;
      await world.simulate(`/hosts/${lostId}/network`, { on: false });
      await silence(lostId);
      const { operationId } = await failOver(ground, lostId);
      const begun = await createOperationPorts(world.database.source).beginRun({ operationId, run: 1 });
      if (begun.kind !== 'run') throw new TypeError(`The operation did not begin: ${begun.kind}`);
      const { generation, controlEpoch, direction } = begun;
      const at = { index: 0, tokenStep: 1, title: 'Prove', count: 1 };
      step = { operationId, run: 1, generation, controlEpoch, direction, ...at };
      await beginFence(world.db, { hostId: lostId, operationId });
    });

    /** As the fencing operation does. */
    const look = async () => {
      const vms = await readSuspectVms(world.db, lostId, [vmId]);
      const host = { id: lostId, name: 'lost', lastSignMs: null, disks: vms.flatMap(({ disks }) => disks) };
      const found = await createLockProof(parts()).gather(host, step);
      return judgeProof(vms, { hostName: 'lost', nowMs: 0, quietMs: 0, signsOfLife: [], ...found })[0]!;
    };
    /** What the last trial before its silence found. */
    const triedBefore = async () => {
      for (const hostId of hosts) await report(hostId);
      await world.db.execute(
        "UPDATE host_pool n JOIN host h ON h.id = n.host_id SET n.locks = 'proven', n.tried_boot_id = h.boot_id, n.tried_mount = n.mount, n.tried_at = NOW(3)",
      );
    };

    it('keeps its machine: its QEMU has the disk open', async () => {
      await triedBefore();
      const verdict = await look();
      expect(verdict.isProven).toBe(false);
      expect(verdict.missing.join()).toContain('is held by somebody else');
      expect(await holds()).toEqual([]);
    });

    it('keeps it where locks are not proven, or were in another boot or on another mount, whatever can be had', async () => {
      const missing = /locks on the pool .* are not proven to keep a second QEMU off/;
      expect((await look()).missing.join()).toMatch(missing);
      await triedBefore();
      await world.db.execute("UPDATE host_pool SET tried_boot_id = 'earlier' WHERE host_id = ?", [lostId]);
      expect((await look()).missing.join()).toMatch(missing);
      await triedBefore();
      await world.db.execute("UPDATE host_pool SET tried_mount = 'earlier' WHERE host_id = ?", [lostId]);
      expect((await look()).missing.join()).toMatch(missing);
      await triedBefore();
      await world.db.execute("UPDATE host_pool SET locks = 'not proven' WHERE host_id <> ?", [lostId]);
      expect((await look()).missing.join()).toContain('no other host is up whose locks on it are proven');
    });

    it('is proven to have ended it once its QEMU is gone; the disk is held until it is let go', async () => {
      await triedBefore();
      await world.simulate(`/hosts/${lostId}/vms/${vmId}/power`, { power: 'off' });
      const verdict = await look();
      expect(verdict).toMatchObject({ isProven: true, proofs: [{ kind: 'image-locked' }] });
      expect((await look()).isProven).toBe(true);
      expect(await holds()).toHaveLength(1);
      expect(await createLockProof(parts()).release(lostId, step, { wholly: true })).toBeUndefined();
      expect(await holds()).toEqual([]);
    });

    it('is not proven to have ended a machine whose disk may have gone to another pool meanwhile', async () => {
      await triedBefore();
      await world.simulate(`/hosts/${lostId}/vms/${vmId}/power`, { power: 'off' });
      await world.db.execute(
        `INSERT INTO volume_copy (volume_id, operation_id, source_pool_id, target_pool_id, host_id, mirrored, created_at)
           SELECT id, ?, pool_id, ?, ?, 0, NOW(3) FROM volume WHERE vm_id = ?`,
        [step.operationId, ground.poolId, lostId, vmId],
      );
      const verdict = await look();
      expect(verdict).toMatchObject({ isProven: false, proofs: [{ kind: 'image-locked' }] });
      expect(verdict.missing.join()).toMatch(/disk on the pool rbd-/);
    });
  });
});

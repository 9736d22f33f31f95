/** Damage for the doctor to find in operations. */
import { newId } from '@durastack/kit/ids/new-id';
import { deployed } from '../crash/ground.js';
import { change, lockRow, network, operation, remove, type Damage } from './damage.js';

/** Damage to operations, and to what they hold. */
export const OPERATION_DAMAGE: readonly Damage[] = [
  {
    title: 'an operation that needs attention',
    kinds: ['operation-needs-attention'],
    words: ['Stop web-1 for acme/alice', 'the disk is full'],
    async plant(scene) {
      const id = await operation(scene, { state: 'needs-attention' });
      return { restore: remove(scene.db, 'operation', id) };
    },
  },
  {
    title: 'a queued operation with nothing before it',
    kinds: ['operation-behind-nothing'],
    words: ['is queued, and nothing is before it'],
    async plant(scene) {
      const id = await operation(scene, { state: 'queued' });
      return { restore: remove(scene.db, 'operation', id) };
    },
  },
  {
    title: 'a lock of an operation that has ended',
    kinds: ['lock-without-operation'],
    words: ['network', 'which is failed'],
    async plant(scene) {
      await lockRow(scene.db, await operation(scene, { state: 'failed' }), scene.ground.networkId);
      return {};
    },
  },
  {
    title: 'a claim of an operation that never was',
    kinds: ['claim-without-operation'],
    words: ['which does not exist'],
    async plant({ db, ground }) {
      await db.execute(
        "INSERT INTO claim (resource_type, resource_id, operation_id, created_at) VALUES ('host', ?, ?, NOW(3))",
        [ground.hostIds[0], newId()],
      );
      return {};
    },
  },
  {
    title: 'a machine that notes an operation that has ended',
    kinds: ['operation-noted-not-open'],
    words: ['notes operation', 'which is succeeded'],
    async plant(scene) {
      const id = await deployed(scene.ground);
      await scene.db.execute('UPDATE virtual_machine SET operation_id = ? WHERE id = ?', [
        await operation(scene, { state: 'succeeded' }),
        id,
      ]);
      return {};
    },
  },
  {
    title: 'a network that was being set up when its operation vanished',
    kinds: ['state-without-operation'],
    words: ['network twin is Allocated'],
    async plant(scene) {
      const id = await network(scene, { cidr: '10.100.1.0/24', state: 'Allocated' });
      return { restore: remove(scene.db, 'network', id) };
    },
  },
  {
    title: 'operations that no worker starts',
    kinds: ['workers-silent'],
    words: ['1 operations wait to be started'],
    async plant(scene) {
      const id = await operation(scene, { state: 'granted' });
      await scene.db.execute('UPDATE operation SET touched_at = NOW(3) - INTERVAL 2 MINUTE WHERE id = ?', [id]);
      return { restore: remove(scene.db, 'operation', id) };
    },
  },
  {
    title: 'a REST call that was never answered',
    kinds: ['idempotency-key-forgotten'],
    words: ['was never answered'],
    async plant({ db, ground }) {
      await db.execute(
        'INSERT INTO idempotency_key (user_id, key_sha256, request_sha256, created_at) VALUES (?, ?, ?, NOW(3) - INTERVAL 1 HOUR)',
        [ground.world.call.caller.userId, 'ab'.repeat(32), 'cd'.repeat(32)],
      );
      return {};
    },
  },
  {
    title: 'a recovery that is under way',
    kinds: ['recovery-active'],
    words: ['an old backup'],
    plant: ({ db }) =>
      change(
        db,
        "INSERT INTO setting (name, value) VALUES ('recovery', ?)",
        "DELETE FROM setting WHERE name = 'recovery' AND value = ?",
        [JSON.stringify({ startedAt: '2026-01-01T00:00:00.000Z', reason: 'an old backup', confirmed: true })],
      ),
  },
  {
    title: 'what was left by an operation that was given up',
    kinds: ['left-by-given-up'],
    words: ['which was given up'],
    async plant(scene) {
      const resourceId = newId();
      const operationId = await operation(scene, { state: 'failed', on: resourceId, type: 'virtual-machine' });
      return change(
        scene.db,
        `INSERT INTO remnant (id, operation_id, operation_seq, resource_type, resource_id, kind, host_id, created_at)
         VALUES (?, ?, 1, 'virtual-machine', ?, 'domain', ?, NOW(3))`,
        'DELETE FROM remnant WHERE id = ? AND operation_id = ? AND resource_id = ? AND host_id = ?',
        [newId(), operationId, resourceId, newId()],
      );
    },
  },
  {
    title: 'what recovery left to a person',
    kinds: ['recovery-left'],
    words: ['nobody knows it'],
    plant: ({ db }) =>
      change(
        db,
        "INSERT INTO recovery_finding (kind, subject, message, created_at) VALUES ('volume-unknown', ?, 'nobody knows it', NOW(3))",
        'DELETE FROM recovery_finding WHERE subject = ?',
        [`volume:${newId()}`],
      ),
  },
];

import type { VerbResult } from '@durastack/contracts/agent/verbs';
import { DurastackError, invariant } from '@durastack/contracts/errors';
import { DONE, pending } from '@durastack/contracts/operations/step';
import type { StoragePoolPorts } from '@durastack/contracts/storage/storage-pool.ports';
import type { Tx } from '@durastack/store/database/transaction';
import { inStep } from '@durastack/store/operations/run';
import { readPool } from '../compute/vm-rows.js';
import type { ActivityDependencies } from '../dependencies.js';
import { hostsInReachOfPool } from './pool-hosts.js';
import { introducePool } from './pool-introduction.js';

const CLAIMED_POLL_MS = 1_000;

/** See {@link StoragePoolPorts}. */
export function createActivities(dependencies: ActivityDependencies): StoragePoolPorts {
  const { source, agents } = dependencies;
  return {
    async ensurePoolOnHosts(step) {
      const { pool, hosts } = await inStep(source, step, (tx, operation) => poolAndHosts(tx, operation.resource.id));
      if (hosts.length === 0)
        throw new DurastackError('NO_CAPACITY', 'No host that is up is in reach of the pool. Add a host first.');
      let size: VerbResult<'ensurePool'> | undefined;
      for (const hostId of hosts)
        size = await introducePool(dependencies, { hostId, pool, refuseWhenSilent: true }, step);
      invariant(size, 'A pool was proved on no host.');
      const { capacityBytes, availableBytes } = size;
      await inStep(source, step, (tx) =>
        tx.execute('UPDATE storage_pool SET capacity_bytes = ?, used_bytes = ? WHERE id = ?', [
          capacityBytes,
          capacityBytes - availableBytes,
          pool.id,
        ]),
      );
      return DONE;
    },

    async removePoolFromHosts(step) {
      const { pool, hosts } = await inStep(source, step, (tx, operation) => poolAndHosts(tx, operation.resource.id));
      for (const hostId of hosts) await agents.call(hostId, 'ensurePoolGone', { pool }, step);
      return DONE;
    },

    ensurePoolEmpty: (step) =>
      inStep(source, step, async (tx, operation) => {
        const poolId = operation.resource.id;
        const volumes = await tx.query<{ name: string }>(
          "SELECT name FROM volume WHERE pool_id = ? AND state <> 'Expunged' LIMIT 5",
          [poolId],
        );
        if (volumes.length > 0) {
          throw new DurastackError(
            'CONFLICT',
            `The pool still has volumes: ${volumes.map(({ name }) => name).join(', ')}. Expunge or move them first.`,
          );
        }
        // The pool's state refuses new ones.
        const [claimed] = await tx.query<{ summary: string }>(
          "SELECT o.summary FROM claim c JOIN operation o ON o.id = c.operation_id WHERE c.resource_type = 'storage-pool' AND c.resource_id = ? LIMIT 1",
          [poolId],
        );
        if (claimed) return pending(CLAIMED_POLL_MS, `waits for “${claimed.summary}”, which uses the pool`);
        return DONE;
      }),

    async removeTemplatesFromPool(step) {
      const { pool, hosts, templates } = await inStep(source, step, async (tx, operation) => ({
        ...(await poolAndHosts(tx, operation.resource.id)),
        templates: await tx.query<{ id: string }>('SELECT template_id AS id FROM template_on_pool WHERE pool_id = ?', [
          operation.resource.id,
        ]),
      }));
      const [hostId] = hosts;
      for (const { id } of templates) {
        if (hostId !== undefined)
          await agents.call(hostId, 'ensureTemplateGoneFromPool', { templateId: id, pool }, step);
        await inStep(source, step, (tx) =>
          tx.execute('DELETE FROM template_on_pool WHERE template_id = ? AND pool_id = ?', [id, pool.id]),
        );
      }
      return DONE;
    },

    releasePoolRecords: (step) =>
      inStep(source, step, async (tx, operation) => {
        await tx.execute(
          'UPDATE storage_pool SET natural_key = NULL, secret_sealed = NULL, fencing_secret_sealed = NULL WHERE id = ?',
          [operation.resource.id],
        );
        return DONE;
      }),
  };
}

async function poolAndHosts(tx: Tx, poolId: string) {
  return { pool: await readPool(tx, poolId), hosts: await hostsInReachOfPool(tx, poolId) };
}

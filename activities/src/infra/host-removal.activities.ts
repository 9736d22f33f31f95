import { DurastackError, isDurastackError } from '@durastack/contracts/errors';
import type { HostRemovalPorts } from '@durastack/contracts/infra/host.ports';
import { DONE } from '@durastack/contracts/operations/step';
import { leaveNetwork } from '@durastack/store/network/fabric';
import { inStep } from '@durastack/store/operations/run';
import type { ActivityDependencies } from '../dependencies.js';

/** See {@link HostRemovalPorts}. */
export function createActivities({ source, agents }: ActivityDependencies): HostRemovalPorts {
  return {
    ensureHostEmpty: (step) =>
      inStep(source, step, async (tx, operation) => {
        const hostId = operation.resource.id;
        const machines = await tx.query<{ name: string }>(
          "SELECT name FROM virtual_machine WHERE host_id = ? AND state <> 'Expunged' LIMIT 5",
          [hostId],
        );
        if (machines.length > 0) {
          throw new DurastackError(
            'CONFLICT',
            `The host still has machines: ${machines.map(({ name }) => name).join(', ')}. Stop or move them first.`,
          );
        }
        const claims = await tx.query<{ operation_id: string }>(
          "SELECT operation_id FROM claim WHERE resource_type = 'host' AND resource_id = ? LIMIT 1",
          [hostId],
        );
        if (claims[0])
          throw new DurastackError(
            'CONFLICT',
            `Operation ${claims[0].operation_id} uses the host. Wait for it or cancel it first.`,
          );
        const pools = await tx.query<{ name: string }>(
          "SELECT name FROM storage_pool WHERE host_id = ? AND state <> 'Removed' LIMIT 5",
          [hostId],
        );
        if (pools.length > 0) {
          throw new DurastackError(
            'CONFLICT',
            `The host still has storage pools of its own: ${pools.map(({ name }) => name).join(', ')}. Delete them first.`,
          );
        }
        return DONE;
      }),

    async removeNetworksFromHost(step) {
      const work = await inStep(source, step, async (tx, operation) => ({
        hostId: operation.resource.id,
        enrolled:
          (await tx.query('SELECT 1 FROM host WHERE id = ? AND incarnation > 0', [operation.resource.id])).length > 0,
        forced: operation.input['forced'] === true,
        networks: await tx.query<{ id: string }>('SELECT network_id AS id FROM network_on_host WHERE host_id = ?', [
          operation.resource.id,
        ]),
      }));
      if (!work.enrolled) return DONE;
      for (const { id } of work.networks) {
        try {
          await agents.call(work.hostId, 'ensureNetworkGone', { networkId: id }, step);
        } catch (error) {
          // A forced removal is for hosts that will not come back.
          if (!work.forced || !isDurastackError(error, 'HOST_UNREACHABLE')) throw error;
        }
        await inStep(source, step, (tx) => leaveNetwork(tx, { networkId: id, hostId: work.hostId }));
      }
      return DONE;
    },

    revokeHost: (step) =>
      inStep(source, step, async (tx, operation) => {
        await tx.execute(
          'UPDATE host SET natural_key = NULL, certificate_serial = NULL, next_certificate_serial = NULL, certificate_expires_at = NULL, enrolment_sealed = NULL WHERE id = ?',
          [operation.resource.id],
        );
        await tx.execute("DELETE FROM dedication WHERE resource_type = 'host' AND resource_id = ?", [
          operation.resource.id,
        ]);
        // Addresses that were shut out stay so: nothing has shown that machines of before are dead there.
        for (const table of ['out_of_band_management', 'host_storage_address', 'host_pool'])
          await tx.execute(`DELETE FROM \`${table}\` WHERE host_id = ?`, [operation.resource.id]);
        return DONE;
      }),
  };
}

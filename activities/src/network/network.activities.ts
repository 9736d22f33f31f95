import { DurastackError, isDurastackError } from '@durastack/contracts/errors';
import type { NetworkPorts } from '@durastack/contracts/network/network.ports';
import { DONE } from '@durastack/contracts/operations/step';
import { forgetDescriptions } from '@durastack/store/identity/described';
import { leaveNetwork, releaseVni } from '@durastack/store/network/fabric';
import { freePublicIpsOf } from '@durastack/store/network/public-ips';
import { inStep } from '@durastack/store/operations/run';
import type { ActivityDependencies } from '../dependencies.js';

/** See {@link NetworkPorts}. */
export function createActivities({ source, agents }: ActivityDependencies): NetworkPorts {
  return {
    ensureNetworkUnused: (step) =>
      inStep(source, step, async (tx, operation) => {
        const rows = await tx.query<{ name: string }>(
          'SELECT v.name FROM nic n JOIN virtual_machine v ON v.id = n.vm_id WHERE n.network_id = ? LIMIT 5',
          [operation.resource.id],
        );
        if (rows.length > 0) {
          throw new DurastackError(
            'CONFLICT',
            `Machines are on the network: ${rows.map(({ name }) => name).join(', ')}. Expunge them first.`,
          );
        }
        return DONE;
      }),

    async removeNetworkFromHosts(step) {
      const { networkId, hosts } = await inStep(source, step, async (tx, operation) => ({
        networkId: operation.resource.id,
        hosts: await tx.query<{ id: string }>('SELECT host_id AS id FROM network_on_host WHERE network_id = ?', [
          operation.resource.id,
        ]),
      }));
      for (const { id } of hosts) {
        try {
          await agents.call(id, 'ensureNetworkGone', { networkId }, step);
        } catch (error) {
          if (!isDurastackError(error, 'HOST_FENCED')) throw error;
        }
        await inStep(source, step, (tx) => leaveNetwork(tx, { networkId, hostId: id }));
      }
      await inStep(source, step, async (tx) => {
        await freePublicIpsOf(tx, networkId);
        await releaseVni(tx, networkId);
        await forgetDescriptions(tx, { type: 'network', id: networkId });
      });
      return DONE;
    },
  };
}

import type { VmRecordPorts } from '@durastack/contracts/compute/vm.ports';
import { DONE } from '@durastack/contracts/operations/step';
import { forgetDescriptions } from '@durastack/store/identity/described';
import { inStep } from '@durastack/store/operations/run';
import { transitionIfAllowed } from '@durastack/store/operations/state-rows';
import type { ActivityDependencies } from '../dependencies.js';
import { readRootVolume } from './vm-rows.js';

/** See {@link VmRecordPorts}. */
export function createActivities({ source }: ActivityDependencies): VmRecordPorts {
  return {
    releaseVmRecords: (step) =>
      inStep(source, step, async (tx, operation) => {
        const vmId = operation.resource.id;
        const volume = await readRootVolume(tx, vmId);
        await transitionIfAllowed(tx, { type: 'volume', id: volume.id }, 'Expunged');
        // Data disks outlive their machine.
        await tx.execute(
          "UPDATE volume SET vm_id = NULL, device_id = 0, attached_at = NULL WHERE vm_id = ? AND kind = 'DATADISK'",
          [vmId],
        );
        await tx.execute('DELETE FROM affinity_group_member WHERE vm_id = ?', [vmId]);
        await tx.execute('DELETE FROM nic_secondary_ip WHERE nic_id IN (SELECT id FROM nic WHERE vm_id = ?)', [vmId]);
        await tx.execute('DELETE FROM nic WHERE vm_id = ?', [vmId]);
        await forgetDescriptions(tx, { type: 'virtual-machine', id: vmId });
        await forgetDescriptions(tx, { type: 'volume', id: volume.id });
        await tx.execute(
          `UPDATE virtual_machine SET user_data_sealed = NULL, user_data_id = NULL, user_data_details_sealed = NULL, public_keys = NULL,
              iso_id = NULL
            WHERE id = ?`,
          [vmId],
        );
        return DONE;
      }),

    markVmDestroyed: (step) =>
      inStep(source, step, async (tx, operation) => {
        const vmId = operation.resource.id;
        const volume = await readRootVolume(tx, vmId);
        await transitionIfAllowed(tx, { type: 'volume', id: volume.id }, 'DestroyRequested');
        await tx.execute('UPDATE virtual_machine SET destroyed_at = COALESCE(destroyed_at, NOW(3)) WHERE id = ?', [
          vmId,
        ]);
        return DONE;
      }),
  };
}

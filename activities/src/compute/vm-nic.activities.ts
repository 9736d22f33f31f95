import type { VmNicPorts } from '@durastack/contracts/compute/vm-nic.ports';
import type { NicSpec } from '@durastack/contracts/agent/specs';
import { isDurastackError } from '@durastack/contracts/errors';
import { DONE, type StepRef } from '@durastack/contracts/operations/step';
import { freeAddresses, isUsable } from '@durastack/model/network/address-plan';
import type { Tx } from '@durastack/store/database/transaction';
import { joinNetworks } from '@durastack/store/network/fabric';
import { requireChangeableNics, requireNewNic, requireRemovableNic } from '@durastack/store/network/nic-changes';
import { writeNic } from '@durastack/store/network/nic-plan';
import { forgetSecondaryIps } from '@durastack/store/network/secondary-ips';
import type { OperationRow } from '@durastack/store/operations/operation-row';
import { inStep } from '@durastack/store/operations/run';
import type { ActivityDependencies } from '../dependencies.js';
import { withinGrace } from '../guest-grace.js';
import { elapsedMs } from '../run-time.js';
import { readNics, readVm } from './vm-rows.js';

/** When its guest keeps an interface. */
const KEPT = 'The guest does not let go of the interface, so it stays. Stop the machine, then try again.';

/** What acceptance wrote of it. */
interface Input {
  readonly nicId: string;
  /** Of a new one. */
  readonly networkId?: string;
  readonly instance?: string;
  readonly ip?: string;
  readonly mac?: string;
}

const inputOf = ({ input }: OperationRow) => input as unknown as Input;

/** See {@link VmNicPorts}. */
export function createActivities(dependencies: ActivityDependencies): VmNicPorts {
  const { source, agents } = dependencies;

  /** The machine's interfaces as its host is told of them; nothing when it is on none. */
  const find = (step: StepRef, suits: (nic: NicSpec, nicId: string) => boolean) =>
    inStep(source, step, async (tx, operation) => {
      const { nicId } = inputOf(operation);
      await requireStillRemovable(tx, step, operation);
      const { id: vmId, hostId } = await readVm(tx, operation.resource.id);
      if (hostId === null) return undefined;
      return { vmId, hostId, nics: (await readNics(tx, vmId, hostId)).filter((nic) => suits(nic, nicId)) };
    });

  return {
    reserveNic: (step) =>
      inStep(source, step, async (tx, operation) => {
        await reserve(tx, operation);
        return DONE;
      }),

    releaseNic: (step) =>
      inStep(source, step, async (tx, operation) => {
        const { nicId } = inputOf(operation);
        await forgetSecondaryIps(tx, nicId);
        await tx.execute('DELETE FROM nic WHERE id = ? AND vm_id = ?', [nicId, operation.resource.id]);
        return DONE;
      }),

    async plugNic(step) {
      const found = await find(step, () => true);
      if (found) await agents.call(found.hostId, 'ensureVmNics', { vmId: found.vmId, nics: found.nics }, step);
      return DONE;
    },

    async unplugNic(step) {
      const found = await find(step, ({ id }, nicId) => id !== nicId);
      if (!found) return DONE;
      try {
        const { vmId, nics } = found;
        const { settled } = await agents.call(found.hostId, 'ensureVmNics', { vmId, nics }, step);
        return settled ? DONE : withinGrace(await elapsedMs(dependencies, step), KEPT);
      } catch (error) {
        // On a host that is gone nothing has it.
        if (isDurastackError(error, 'HOST_FENCED')) return DONE;
        throw error;
      }
    },
  };
}

async function reserve(tx: Tx, operation: OperationRow): Promise<void> {
  const { nicId, networkId = '', instance = '', ip, mac } = inputOf(operation);
  const vmId = operation.resource.id;
  const [there] = await tx.query('SELECT 1 FROM nic WHERE id = ?', [nicId]);
  if (there) return;
  const hostId = await requireChangeableNics(tx, vmId);
  await requireNewNic(tx, { vmId, networkId, mac });
  const network = { id: networkId, ip };
  await writeNic(tx, { isUsable, freeAddresses }, { id: nicId, vmId, instance, network, mac, isDefault: false });
  // Before it is made there, so that its removal finds it.
  if (hostId !== null) await joinNetworks(tx, { vmId, hostId });
}

/** Another operation may have made it the default one, or have taken it, since this one was asked for. */
async function requireStillRemovable(tx: Tx, step: StepRef, operation: OperationRow): Promise<void> {
  const { nicId, networkId } = inputOf(operation);
  if (networkId !== undefined || step.direction !== 'forward') return;
  const vmId = operation.resource.id;
  await requireChangeableNics(tx, vmId);
  await requireRemovableNic(tx, { vmId, nicId });
}

import type { NicAddressPorts } from '@durastack/contracts/compute/nic-address.ports';
import { DurastackError, isDurastackError } from '@durastack/contracts/errors';
import { DONE, type StepOutcome, type StepRef } from '@durastack/contracts/operations/step';
import { freeAddresses, isUsable } from '@durastack/model/network/address-plan';
import type { Tx } from '@durastack/store/database/transaction';
import { notFound } from '@durastack/store/identity/access';
import { requireChangeableNics, requireNic } from '@durastack/store/network/nic-changes';
import { takeAddress } from '@durastack/store/network/nic-plan';
import { readSecondaryIps, requireRoomForIp } from '@durastack/store/network/secondary-ips';
import type { OperationRow } from '@durastack/store/operations/operation-row';
import { inStep } from '@durastack/store/operations/run';
import { noteResult } from '@durastack/store/operations/step-detail';
import type { ActivityDependencies } from '../dependencies.js';
import { readNics, readVm } from './vm-rows.js';

/** What acceptance wrote of it. */
interface Input {
  readonly addressId: string;
  readonly nicId: string;
  /** Of a new one. */
  readonly networkId?: string;
  readonly ip?: string;
}

const inputOf = ({ input }: OperationRow) => input as unknown as Input;

/** See {@link NicAddressPorts}. */
export function createActivities({ source, agents }: ActivityDependencies): NicAddressPorts {
  /** The machine's host is told of its interfaces, with or without the address; nothing when it is on none. */
  const tell = async (step: StepRef, isAllowed: boolean): Promise<StepOutcome> => {
    const found = await inStep(source, step, async (tx, operation) => {
      if (!isAllowed) await requireStillThere(tx, step, operation);
      const { id: vmId, hostId } = await readVm(tx, operation.resource.id);
      if (hostId === null) return undefined;
      const withheld = isAllowed ? undefined : inputOf(operation).addressId;
      return { vmId, hostId, nics: await readNics(tx, vmId, hostId, withheld) };
    });
    if (!found) return DONE;
    const { hostId, ...params } = found;
    const { settled } = await agents.call(hostId, 'ensureVmNics', params, step);
    if (settled) return DONE;
    // An interface that is not recorded: its rules stay as they are until the guest has let go of it.
    throw new DurastackError('BACKEND_BUSY', 'The guest has not let go of an interface yet that it is to lose.');
  };

  return {
    reserveNicAddress: (step) =>
      inStep(source, step, async (tx, operation) => {
        await reserve(tx, operation);
        return DONE;
      }),

    releaseNicAddress: (step) =>
      inStep(source, step, async (tx, operation) => {
        await tx.execute('DELETE FROM nic_secondary_ip WHERE id = ?', [inputOf(operation).addressId]);
        return DONE;
      }),

    allowNicAddress: (step) => tell(step, true),

    async forbidNicAddress(step) {
      try {
        return await tell(step, false);
      } catch (error) {
        // From a host that is gone nobody speaks.
        if (isDurastackError(error, 'HOST_FENCED')) return DONE;
        throw error;
      }
    },
  };
}

async function reserve(tx: Tx, operation: OperationRow): Promise<void> {
  const { addressId, nicId, networkId = '', ip } = inputOf(operation);
  const vmId = operation.resource.id;
  const [there] = await tx.query('SELECT 1 FROM nic_secondary_ip WHERE id = ?', [addressId]);
  if (there) return;
  await requireChangeableNics(tx, vmId);
  await requireNic(tx, { vmId, nicId });
  await requireRoomForIp(tx, nicId);
  const wanted = { networkId, ip, seed: addressId, as: 'further' } as const;
  await takeAddress(tx, { isUsable, freeAddresses }, wanted, async (address) => {
    await tx.execute(
      'INSERT INTO nic_secondary_ip (id, nic_id, network_id, ip, created_at) VALUES (?, ?, ?, ?, NOW(3))',
      [addressId, nicId, networkId, address],
    );
  });
  const all = (await readSecondaryIps(tx, vmId)).filter((other) => other.nicId === nicId);
  await noteResult(tx, operation.id, {
    ...{ id: addressId, ipAddress: all.find(({ id }) => id === addressId)?.ip },
    ...{ nicId, networkId, virtualMachineId: vmId },
    secondaryIp: all.map(({ id, ip: ipAddress }) => ({ id, ipAddress })),
  });
}

/** Of a removal: another operation may have taken the address, or its interface, since it was asked for. */
async function requireStillThere(tx: Tx, step: StepRef, operation: OperationRow): Promise<void> {
  if (step.direction !== 'forward') return;
  const { addressId } = inputOf(operation);
  await requireChangeableNics(tx, operation.resource.id);
  const [there] = await tx.query('SELECT 1 FROM nic_secondary_ip WHERE id = ?', [addressId]);
  if (!there) throw notFound('id', addressId);
}

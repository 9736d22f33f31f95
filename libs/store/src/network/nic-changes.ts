/** Whether a machine may be given an interface, or lose one. Looked at when it is asked for, and again when it is done. */
import { DurastackError } from '@durastack/contracts/errors';
import type { Tx } from '../database/transaction.js';
import { notFound } from '../identity/access.js';

/** As many interfaces as hosts are told of. */
const MAX_NICS = 64;

interface NicRow {
  readonly id: string;
  readonly networkId: string;
  readonly isDefault: number;
}

/**
 * A machine's interfaces may change now.
 *
 * @returns its host, if it is on one
 * @throws DurastackError NOT_ALLOWED_IN_STATE
 */
export async function requireChangeableNics(tx: Tx, vmId: string): Promise<string | null> {
  const [vm] = await tx.query<{ state: string; hostId: string | null }>(
    'SELECT state, host_id AS hostId FROM virtual_machine WHERE id = ?',
    [vmId],
  );
  if (vm?.state === 'Running' || vm?.state === 'Stopped') return vm.hostId;
  throw new DurastackError(
    'NOT_ALLOWED_IN_STATE',
    `The virtual machine ${vmId} is ${vm?.state ?? 'gone'}; its interfaces can be changed when it is Running or Stopped.`,
  );
}

/** CONFLICT when the machine is on the network already, or somebody has the MAC; QUOTA_EXCEEDED with as many as it may have. */
export async function requireNewNic(
  tx: Tx,
  { vmId, networkId, mac }: { vmId: string; networkId: string; mac: string | undefined },
): Promise<void> {
  const nics = await readNicRows(tx, vmId);
  if (nics.some((nic) => nic.networkId === networkId))
    throw new DurastackError('CONFLICT', `A NIC already exists for VM:${vmId} in network: ${networkId}.`);
  if (nics.length >= MAX_NICS)
    throw new DurastackError('QUOTA_EXCEEDED', `The virtual machine ${vmId} has ${MAX_NICS} interfaces already.`);
  if (mac === undefined) return;
  const [taken] = await tx.query('SELECT 1 FROM nic WHERE mac = ?', [mac]);
  if (taken) throw new DurastackError('CONFLICT', `The MAC ${mac} is taken.`);
}

/** The interface is the machine's, and not its default one. NOT_FOUND, NOT_ALLOWED_IN_STATE. */
export async function requireRemovableNic(tx: Tx, { vmId, nicId }: { vmId: string; nicId: string }): Promise<void> {
  const nic = await requireNic(tx, { vmId, nicId });
  if (nic.isDefault === 1)
    throw new DurastackError(
      'NOT_ALLOWED_IN_STATE',
      `The interface ${nicId} is the default one of ${vmId}; make another one the default (updateDefaultNicForVirtualMachine) first.`,
    );
}

/** The interface is the machine's. NOT_FOUND. */
export async function requireNic(tx: Tx, { vmId, nicId }: { vmId: string; nicId: string }): Promise<NicRow> {
  const nic = (await readNicRows(tx, vmId)).find(({ id }) => id === nicId);
  if (!nic) throw notFound('nicid', nicId);
  return nic;
}

function readNicRows(tx: Tx, vmId: string): Promise<NicRow[]> {
  return tx.query<NicRow>('SELECT id, network_id AS networkId, is_default AS isDefault FROM nic WHERE vm_id = ?', [
    vmId,
  ]);
}

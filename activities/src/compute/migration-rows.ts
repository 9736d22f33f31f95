/** The row of a machine that is being moved. */
import type { MigrationFigures } from '@durastack/contracts/agent/migration';
import { invariant } from '@durastack/contracts/errors';
import type { StepRef } from '@durastack/contracts/operations/step';
import type { SecretBox } from '@durastack/kit/secrets/secret-box';
import type { Tx } from '@durastack/store/database/transaction';
import { readClusterSettings } from '@durastack/store/infra/cluster-settings';
import { releaseHosts } from '@durastack/store/operations/reservations';
import { transitionIfAllowed } from '@durastack/store/operations/state-rows';
import { noteMemoryLost } from '@durastack/store/operations/step-detail';
import { sealNewTicket } from '../transfer-tickets.js';

/** From where to where, and under which (sealed) ticket. */
export interface MigrationRow {
  readonly vmId: string;
  readonly operationId: string;
  readonly sourceHostId: string;
  readonly destinationHostId: string;
  readonly ticketSealed: string;
  /** Of the run that has opened the destination. */
  readonly openedGeneration: number | null;
  /** The guest may go before its memory after so long; null: never. */
  readonly postCopyAfterMs: number | null;
  /** Why it cannot, though it was wanted. */
  readonly noPostCopy: string | null;
  /** It went, and its memory could not follow. */
  readonly lost: boolean;
  /** After so long the guest went before its memory. */
  readonly switchedMs: number | null;
  readonly totalMs: number | null;
  readonly downtimeMs: number | null;
  readonly sentBytes: number | null;
}

/** What a ticket is sealed for. */
export const ticketContext = (vmId: string): string => `vm-migration:${vmId}`;

/** A new ticket for a machine, as its row keeps it. */
export function sealTicket(box: SecretBox, vmId: string): string {
  return sealNewTicket(box, ticketContext(vmId));
}

/** The machine's migration; undefined when none was begun, or both sides have been cleared. */
export async function readMigration(tx: Tx, vmId: string): Promise<MigrationRow | undefined> {
  const rows = await tx.query<MigrationRow & { lost: boolean | number }>(
    `SELECT vm_id AS vmId, operation_id AS operationId, source_host_id AS sourceHostId, destination_host_id AS destinationHostId, ticket_sealed AS ticketSealed,
       opened_generation AS openedGeneration, post_copy_after_ms AS postCopyAfterMs, no_post_copy AS noPostCopy, lost, switched_ms AS switchedMs,
       total_ms AS totalMs, downtime_ms AS downtimeMs, sent_bytes AS sentBytes FROM vm_migration WHERE vm_id = ?`,
    [vmId],
  );
  return rows[0] && { ...rows[0], lost: Number(rows[0].lost) === 1 };
}

/** Written with the reservation at the destination, before either host is told anything. */
export async function noteMigration(
  tx: Tx,
  operationId: string,
  row: Pick<MigrationRow, 'vmId' | 'sourceHostId' | 'destinationHostId' | 'ticketSealed'> &
    Partial<Pick<MigrationRow, 'postCopyAfterMs'>>,
): Promise<void> {
  // Of an operation that was given up.
  await tx.execute('DELETE FROM vm_migration WHERE vm_id = ?', [row.vmId]);
  await tx.execute(
    `INSERT INTO vm_migration (vm_id, operation_id, source_host_id, destination_host_id, ticket_sealed, post_copy_after_ms, lost, created_at)
     VALUES (?, ?, ?, ?, ?, ?, 0, NOW(3))`,
    [row.vmId, operationId, row.sourceHostId, row.destinationHostId, row.ticketSealed, row.postCopyAfterMs ?? null],
  );
}

/** After how long a machine on this host may go before its memory, by the settings of its cluster; null: never. */
export async function readPostCopyAfterMs(tx: Tx, hostId: string): Promise<number | null> {
  const [host] = await tx.query<{ clusterId: string }>('SELECT cluster_id AS clusterId FROM host WHERE id = ?', [
    hostId,
  ]);
  invariant(host, `There is no host ${hostId}.`);
  const settings = await readClusterSettings(tx, host.clusterId);
  if (settings['vm.migrate.postcopy.enable'] !== true) return null;
  return 1_000 * Number(settings['vm.migrate.postcopy.after']);
}

/** Post-copy was wanted, and cannot be: why. */
export async function noteNoPostCopy(tx: Tx, vmId: string, reason: string): Promise<void> {
  await tx.execute('UPDATE vm_migration SET no_post_copy = ? WHERE vm_id = ?', [reason, vmId]);
}

/** The machine is on neither side any more, and its memory is lost. */
export async function noteLost(tx: Tx, vmId: string): Promise<void> {
  await tx.execute('UPDATE vm_migration SET lost = 1 WHERE vm_id = ?', [vmId]);
}

const MEMORY_LOST =
  'It had gone over by post-copy when its memory could no longer follow from the old host: what it had in memory is lost. Nothing of it runs any more; it is started again from its disks if its offering says so (offerha), or by startVirtualMachine.';

/** A machine that runs nowhere: stopped, as one that crashed, which HA starts again once nothing locks it. */
export async function recordMemoryLost(tx: Tx, step: StepRef, row: MigrationRow): Promise<void> {
  await tx.execute(
    "UPDATE virtual_machine SET host_id = NULL, last_host_id = ?, observed_power = 'absent', observed_at = NOW(3), crashed_at = NOW(3) WHERE id = ? AND host_id = ?",
    [row.sourceHostId, row.vmId, row.sourceHostId],
  );
  await transitionIfAllowed(tx, { type: 'virtual-machine', id: row.vmId }, 'PoweredOffOnHost');
  await forgetMigration(tx, row.vmId);
  await noteMemoryLost(tx, step, MEMORY_LOST);
}

/** Gives back the room on every host but the one that the machine is recorded on. */
export async function forgetMigration(tx: Tx, vmId: string): Promise<void> {
  const [vm] = await tx.query<{ hostId: string | null }>('SELECT host_id AS hostId FROM virtual_machine WHERE id = ?', [
    vmId,
  ]);
  await releaseHosts(tx, vmId, vm?.hostId ?? '');
  await tx.execute('DELETE FROM vm_migration WHERE vm_id = ?', [vmId]);
}

/** The destination lets the source in. Asked again it would be told of networks as they are then, and begin anew. */
export async function noteOpened(tx: Tx, vmId: string, generation: number): Promise<void> {
  await tx.execute('UPDATE vm_migration SET opened_generation = ? WHERE vm_id = ?', [generation, vmId]);
}

/** How it went, as the source's hypervisor measured. */
export async function noteFigures(tx: Tx, vmId: string, figures: MigrationFigures): Promise<void> {
  await tx.execute(
    'UPDATE vm_migration SET total_ms = ?, downtime_ms = ?, sent_bytes = ?, switched_ms = ? WHERE vm_id = ?',
    [
      ...[figures.totalMs, figures.downtimeMs, figures.sentBytes].map(Math.round),
      ...[figures.switchedMs === undefined ? null : Math.round(figures.switchedMs), vmId],
    ],
  );
}

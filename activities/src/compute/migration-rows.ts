/** The row of a machine that is being moved. */
import { randomBytes } from 'node:crypto';
import type { MigrationFigures } from '@durastack/contracts/agent/migration';
import type { SecretBox } from '@durastack/kit/secrets/secret-box';
import type { Tx } from '@durastack/store/database/transaction';
import { releaseHosts } from '@durastack/store/operations/reservations';

/** From where to where, and under which (sealed) ticket. */
export interface MigrationRow {
  readonly vmId: string;
  readonly operationId: string;
  readonly sourceHostId: string;
  readonly destinationHostId: string;
  readonly ticketSealed: string;
  /** Of the run that has opened the destination. */
  readonly openedGeneration: number | null;
  readonly totalMs: number | null;
  readonly downtimeMs: number | null;
  readonly sentBytes: number | null;
}

/** What a ticket is sealed for. */
export const ticketContext = (vmId: string): string => `vm-migration:${vmId}`;

/** A new ticket for a machine, as its row keeps it. */
export function sealTicket(box: SecretBox, vmId: string): string {
  return box.seal(randomBytes(32).toString('base64url'), ticketContext(vmId));
}

/** The machine's migration; undefined when none was begun, or both sides have been cleared. */
export async function readMigration(tx: Tx, vmId: string): Promise<MigrationRow | undefined> {
  const rows = await tx.query<MigrationRow>(
    `SELECT vm_id AS vmId, operation_id AS operationId, source_host_id AS sourceHostId, destination_host_id AS destinationHostId, ticket_sealed AS ticketSealed,
       opened_generation AS openedGeneration, total_ms AS totalMs, downtime_ms AS downtimeMs, sent_bytes AS sentBytes FROM vm_migration WHERE vm_id = ?`,
    [vmId],
  );
  return rows[0];
}

/** Written with the reservation at the destination, before either host is told anything. */
export async function noteMigration(
  tx: Tx,
  operationId: string,
  row: Pick<MigrationRow, 'vmId' | 'sourceHostId' | 'destinationHostId' | 'ticketSealed'>,
): Promise<void> {
  // Of an operation that was given up.
  await tx.execute('DELETE FROM vm_migration WHERE vm_id = ?', [row.vmId]);
  await tx.execute(
    `INSERT INTO vm_migration (vm_id, operation_id, source_host_id, destination_host_id, ticket_sealed, created_at) VALUES (?, ?, ?, ?, ?, NOW(3))`,
    [row.vmId, operationId, row.sourceHostId, row.destinationHostId, row.ticketSealed],
  );
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
  await tx.execute('UPDATE vm_migration SET total_ms = ?, downtime_ms = ?, sent_bytes = ? WHERE vm_id = ?', [
    ...[figures.totalMs, figures.downtimeMs, figures.sentBytes].map(Math.round),
    vmId,
  ]);
}

/** In words; nothing when nobody measured. */
export function figuresInWords({ totalMs, downtimeMs, sentBytes }: MigrationRow): string | undefined {
  if (totalMs === null || downtimeMs === null || sentBytes === null) return undefined;
  const sent = `${(sentBytes / 2 ** 20).toFixed(1)} MiB`;
  return `sent ${sent} in ${(totalMs / 1000).toFixed(1)} s, downtime ${downtimeMs} ms`;
}

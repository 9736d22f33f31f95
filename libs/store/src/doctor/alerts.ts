/** Alerts: raised once for one reason, cleared when the reason is gone. */
import { newId } from '@durastack/kit/ids/new-id';
import type { ResourceRef } from '@durastack/contracts/resources';
import { insertRow } from '../database/rows.js';
import type { Tx } from '../database/transaction.js';

/** A kind of alerts: CloudStack's number and name of it, or an administrator's own. */
export interface AlertKind {
  readonly type: number;
  readonly name: string;
}

/** CloudStack's kinds of alerts, as far as there is reason for one. */
export const ALERT_TYPES = {
  host: { type: 7, name: 'ALERT.COMPUTE.HOST' },
  machine: { type: 8, name: 'ALERT.USERVM' },
  network: { type: 11, name: 'ALERT.SERVICE.ROUTING' },
  storage: { type: 12, name: 'ALERT.STORAGE.MISC' },
  control: { type: 14, name: 'ALERT.MANAGEMENT' },
} as const satisfies Record<string, AlertKind>;

const BY_RESOURCE: Readonly<Record<string, keyof typeof ALERT_TYPES>> = {
  host: 'host',
  'virtual-machine': 'machine',
  network: 'network',
  volume: 'storage',
  template: 'storage',
  'storage-pool': 'storage',
};

/** Why an alert is raised. */
export interface AlertReason {
  /** The same for the same reason; e.g. the id of a finding. */
  readonly key: string;
  readonly resource: { readonly type: string; readonly id: string };
  readonly description: string;
}

/** The reason of an alert for an operation that needs attention; the doctor finds the same. */
export function attentionReason(operation: { id: string; summary: string }, message: string): AlertReason {
  return {
    key: `operation-needs-attention:operation/${operation.id}`,
    resource: { type: 'operation', id: operation.id },
    description: `Operation ${operation.id} (${operation.summary}) needs attention: ${message}`,
  };
}

/** Raises an alert, unless there is one for this reason already. @returns whether it is new */
export async function raiseAlert(tx: Tx, { key, resource, description }: AlertReason): Promise<boolean> {
  const { type, name } = ALERT_TYPES[BY_RESOURCE[resource.type] ?? 'control'];
  const resourceId = /^[0-9a-f-]{36}$/.test(resource.id) ? resource.id : null;
  const { affectedRows } = await tx.execute(
    `INSERT IGNORE INTO alert (id, type, name, description, open_key, resource_type, resource_id, archived, created_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, 0, NOW(3))`,
    [newId(), type, name, description.slice(0, 4096), key, resource.type, resourceId],
  );
  return affectedRows > 0;
}

/** Writes an alert of a person's or a tool's own. It has no reason that is looked for, so it is never cleared by itself. */
export function writeAlert(
  tx: Tx,
  alert: AlertKind & { readonly description: string; readonly resource?: ResourceRef | undefined },
): Promise<void> {
  const { type, name, description, resource } = alert;
  return insertRow(tx, 'alert', {
    ...{ id: newId(), type, name, description, archived: false, created_at: new Date() },
    ...{ resource_type: resource?.type, resource_id: resource?.id },
  });
}

/** Clears the alerts whose reason is none of these. They stay as archived. */
export async function clearAlerts(tx: Tx, stillOpen: readonly string[]): Promise<number> {
  const open = await tx.query<{ id: string; key: string }>(
    'SELECT id, open_key AS `key` FROM alert WHERE open_key IS NOT NULL',
  );
  const reasons = new Set(stillOpen);
  const gone = open.filter(({ key }) => !reasons.has(key)).map(({ id }) => id);
  if (gone.length > 0)
    await tx.execute('UPDATE alert SET open_key = NULL, archived = 1, cleared_at = NOW(3) WHERE id IN (?)', [gone]);
  return gone.length;
}

/** Which alerts a person means. */
export interface AlertSelection {
  readonly ids?: readonly string[] | undefined;
  readonly type?: number | undefined;
  readonly startDate?: string | undefined;
  readonly endDate?: string | undefined;
}

function conditionOf({ ids, type, startDate, endDate }: AlertSelection): { sql: string; values: unknown[] } {
  const parts: [string, unknown][] = [];
  if (ids) parts.push(['id IN (?)', ids]);
  if (type !== undefined) parts.push(['type = ?', type]);
  if (startDate !== undefined) parts.push(['created_at >= ?', new Date(startDate)]);
  if (endDate !== undefined) parts.push(['created_at <= ?', new Date(endDate)]);
  return { sql: parts.map(([sql]) => sql).join(' AND '), values: parts.map(([, value]) => value) };
}

/** Hides alerts from the list. While its reason lasts no other is raised for it. */
export async function archiveAlerts(tx: Tx, selection: AlertSelection): Promise<number> {
  const { sql, values } = conditionOf(selection);
  return (await tx.execute(`UPDATE alert SET archived = 1 WHERE ${sql}`, values)).affectedRows;
}

/** Deletes alerts; one whose reason lasts is raised anew by the next check. */
export async function deleteAlerts(tx: Tx, selection: AlertSelection): Promise<number> {
  const { sql, values } = conditionOf(selection);
  return (await tx.execute(`DELETE FROM alert WHERE ${sql}`, values)).affectedRows;
}

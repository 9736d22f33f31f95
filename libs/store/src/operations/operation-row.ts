import type { ResourceRef, ResourceType } from '@durastack/contracts/resources';
import type { OperationLifecycle } from '@durastack/contracts/command';
import type { Tx } from '../database/transaction.js';

/** An operation as steps and loops read it. */
export interface OperationRow {
  readonly id: string;
  readonly kind: string;
  readonly state: string;
  readonly run: number;
  readonly direction: 'forward' | 'past-pivot' | 'undoing';
  readonly resource: ResourceRef;
  readonly summary: string;
  readonly accountId: string;
  readonly domainId: string;
  readonly zoneId: string | null;
  readonly lifecycle: OperationLifecycle;
  readonly input: Readonly<Record<string, unknown>>;
  readonly cancelRequested: boolean;
  readonly eventType: string | null;
  readonly userId: string | null;
  /** The operation that had this one accepted, as one of many. */
  readonly parentId: string | null;
  readonly error: { readonly code: string; readonly message: string; readonly step?: string } | undefined;
}

const COLUMNS = `id, kind, state, run, direction, resource_type, resource_id, summary, account_id, domain_id, user_id, zone_id,
  lifecycle_json, input_json, cancel_requested_at, event_type, parent_id, error_code, error_message, error_step`;

type Raw = Record<string, string | number | null>;

function fromRaw(raw: Raw): OperationRow {
  const code = raw['error_code'] as string | null;
  const step = raw['error_step'] as string | null;
  return {
    id: raw['id'] as string,
    kind: raw['kind'] as string,
    state: raw['state'] as string,
    run: Number(raw['run']),
    direction: raw['direction'] as OperationRow['direction'],
    resource: { type: raw['resource_type'] as ResourceType, id: raw['resource_id'] as string },
    summary: raw['summary'] as string,
    accountId: raw['account_id'] as string,
    domainId: raw['domain_id'] as string,
    userId: raw['user_id'] as string | null,
    parentId: raw['parent_id'] as string | null,
    zoneId: raw['zone_id'] as string | null,
    lifecycle: JSON.parse(raw['lifecycle_json'] as string) as OperationLifecycle,
    input: JSON.parse(raw['input_json'] as string) as Record<string, unknown>,
    cancelRequested: raw['cancel_requested_at'] !== null,
    eventType: raw['event_type'] as string | null,
    error:
      code === null ? undefined : { code, message: String(raw['error_message']), ...(step === null ? {} : { step }) },
  };
}

/** Reads one operation; `lock` takes its row for the transaction. */
export async function readOperation(
  tx: Tx,
  id: string,
  lock: '' | 'FOR UPDATE' = '',
): Promise<OperationRow | undefined> {
  const rows = await tx.query<Raw>(`SELECT ${COLUMNS} FROM operation WHERE id = ? ${lock}`, [id]);
  return rows[0] && fromRaw(rows[0]);
}

/** What an operation holds. */
export async function readLocks(
  tx: Tx,
  operationId: string,
): Promise<{ type: ResourceType; id: string; mode: 'exclusive' | 'shared' }[]> {
  const rows = await tx.query<{ resource_type: ResourceType; resource_id: string; mode: 'exclusive' | 'shared' }>(
    'SELECT resource_type, resource_id, mode FROM operation_lock WHERE operation_id = ?',
    [operationId],
  );
  return rows.map((row) => ({ type: row.resource_type, id: row.resource_id, mode: row.mode }));
}

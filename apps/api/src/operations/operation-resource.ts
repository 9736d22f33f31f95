/** An operation as REST shows it. */
import type { PlacementExplanation } from '@durastack/contracts/compute/placement';
import type { TransferProgress } from '@durastack/contracts/operations/transfer-progress';
import { notFound, mayAccess } from '@durastack/store/identity/access';
import { autocommit } from '@durastack/store/database/transaction';
import type { Caller } from '@durastack/store/identity/caller';
import { readChildren, type ChildRow } from '@durastack/store/operations/children';
import type { Platform } from '../platform.js';
import { readWaiting, type Waiting } from './waiting-for.js';

/** More children than anybody looks at one by one. */
const MOST_CHILDREN = 1_000;
/** States in which nothing more will happen by itself. */
const ENDED = new Set(['succeeded', 'failed', 'cancelled', 'skipped', 'needs-attention']);

/** An operation that another one has asked for. */
export interface ChildResource {
  readonly self: string;
  readonly command: string;
  readonly state: string;
  readonly resource: { readonly type: string; readonly id: string };
}

/** See the module's head. */
export interface OperationResource extends Waiting {
  readonly id: string;
  readonly command: string;
  readonly summary: string;
  readonly state: string;
  readonly direction: string;
  /** Whether it has ended, or waits for a person. */
  readonly ended: boolean;
  readonly resource: { readonly type: string; readonly id: string };
  /** Absent until a workflow has begun. */
  readonly step?: { readonly number: number; readonly count: number; readonly title: string; readonly detail?: string };
  readonly percent: number;
  /** How far the copying is that it does; at its end, what that came to. */
  readonly progress?: TransferProgress;
  readonly cancelRequested: boolean;
  readonly error?: {
    readonly code: string;
    readonly message: string;
    readonly step?: string;
    /** Why each host could not take the machine; for administrators, for it names hosts. */
    readonly placement?: PlacementExplanation;
  };
  /** Links of the operation that asked for this one, and of those that this one has asked for. */
  readonly parent?: string;
  readonly children?: readonly ChildResource[];
  readonly created: string;
  readonly started?: string;
  readonly completed?: string;
  readonly links: { readonly self: string; readonly events: string; readonly workflow?: string };
}

interface Row {
  readonly id: string;
  readonly kind: string;
  readonly state: string;
  readonly run: number;
  readonly direction: string;
  readonly resource_type: string;
  readonly resource_id: string;
  readonly summary: string;
  readonly parent_id: string | null;
  readonly account_id: string;
  readonly domain_id: string;
  readonly path: string;
  readonly step_index: number;
  readonly step_count: number;
  readonly step_title: string | null;
  readonly step_detail: string | null;
  readonly progress_json: string | null;
  readonly error_code: string | null;
  readonly error_message: string | null;
  readonly error_step: string | null;
  readonly explanation_json: string | null;
  readonly cancel_requested_at: Date | null;
  readonly created_at: Date;
  readonly dispatched_at: Date | null;
  readonly started_at: Date | null;
  readonly ended_at: Date | null;
}

/**
 * Reads an operation of the caller's, or of an account below.
 *
 * @throws DurastackError NOT_FOUND
 */
export async function readOperationResource(
  platform: Platform,
  caller: Caller,
  id: string,
): Promise<OperationResource> {
  const tx = autocommit(platform.database);
  const rows = await tx.query<Row>(
    'SELECT o.*, d.path FROM operation o JOIN domain d ON d.id = o.domain_id WHERE o.id = ?',
    [id],
  );
  const row = rows[0];
  if (!row || !mayAccess(caller, { accountId: row.account_id, domainId: row.domain_id, domainPath: row.path }))
    throw notFound('id', id);
  const waiting = await readWaiting(tx, caller, { id, state: row.state, dispatchedAt: row.dispatched_at });
  const children = await readChildren(tx, id, MOST_CHILDREN);
  return {
    ...toResource(platform, row, caller),
    ...waiting,
    ...(children.length === 0 ? {} : { children: children.map(toChild) }),
  };
}

const linkOf = (id: string) => `/api/v1/operations/${id}`;

const toChild = ({ id, kind, state, resourceType, resourceId }: ChildRow): ChildResource => ({
  self: linkOf(id),
  command: kind,
  state,
  resource: { type: resourceType, id: resourceId },
});

function toResource({ settings }: Platform, row: Row, caller: Caller): OperationResource {
  const self = linkOf(row.id);
  const { temporalUiUrl, temporalNamespace = 'default' } = settings;
  // Tenants have no way into Temporal's UI, and operations that ended at once had no workflow.
  const workflow = temporalUiUrl !== undefined && caller.role === 'admin' && row.run > 0;
  const done = row.state === 'succeeded' || row.state === 'skipped';
  return {
    id: row.id,
    command: row.kind,
    summary: row.summary,
    state: row.state,
    direction: row.direction,
    ended: ENDED.has(row.state),
    resource: { type: row.resource_type, id: row.resource_id },
    ...(row.step_count > 0 ? { step: stepOf(row) } : {}),
    percent: done ? 100 : row.step_count > 0 ? Math.min(99, Math.floor((100 * row.step_index) / row.step_count)) : 0,
    ...(row.progress_json === null ? {} : { progress: JSON.parse(row.progress_json) as TransferProgress }),
    cancelRequested: row.cancel_requested_at !== null,
    ...(row.error_code === null ? {} : { error: errorOf(row, caller) }),
    ...(row.parent_id === null ? {} : { parent: linkOf(row.parent_id) }),
    created: row.created_at.toISOString(),
    ...(row.started_at === null ? {} : { started: row.started_at.toISOString() }),
    ...(row.ended_at === null ? {} : { completed: row.ended_at.toISOString() }),
    links: {
      self,
      events: `${self}/events`,
      ...(workflow
        ? {
            workflow: `${temporalUiUrl.replace(/\/$/, '')}/namespaces/${temporalNamespace}/workflows/${row.id}-${row.run}`,
          }
        : {}),
    },
  };
}

function stepOf(row: Row): NonNullable<OperationResource['step']> {
  return {
    number: Math.min(row.step_index + 1, row.step_count),
    count: row.step_count,
    title: row.step_title ?? '',
    ...(row.step_detail === null ? {} : { detail: row.step_detail }),
  };
}

function errorOf(row: Row, caller: Caller): NonNullable<OperationResource['error']> {
  return {
    code: row.error_code ?? 'BUG',
    message: row.error_message ?? '',
    ...(row.error_step === null ? {} : { step: row.error_step }),
    ...(row.explanation_json === null || caller.role !== 'admin'
      ? {}
      : { placement: JSON.parse(row.explanation_json) as PlacementExplanation }),
  };
}

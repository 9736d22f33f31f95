/**
 * Acceptance: the one transaction in which an asynchronous command becomes an operation.
 *
 * Explicit row locks first, in one global order; then checks and inserts. What the operation names it locks; it
 * waits only for earlier operations, so nothing ever waits in a circle, and nobody passes an earlier one.
 */
import type { Command, OperationLifecycle } from '@durastack/contracts/command';
import { DurastackError, invariant, isDurastackError } from '@durastack/contracts/errors';
import type { ResourceRef } from '@durastack/contracts/resources';
import { newId } from '@durastack/kit/ids/new-id';
import type { DataSource } from 'typeorm';
import { transaction, type Tx } from '../database/transaction.js';
import type { Caller } from '../identity/caller.js';
import { giveUp } from './attention.js';
import { refuseInRecovery } from '../recovery/recovery-state.js';
import { cancelInTransaction } from './cancel.js';
import { goAhead, mustWait } from './grant.js';
import { readOperation } from './operation-row.js';
import { lockRows, type ResourceLock } from './state-rows.js';

/** What a handler asks to be done. */
export interface AcceptRequest {
  readonly command: Command;
  readonly caller: Caller;
  /** What it acts on. Written by `write` when the command creates it. */
  readonly resource: ResourceRef;
  /** For operators: `web-1`. */
  readonly resourceName: string;
  /** Owner of the operation where it is not the caller's own account. */
  readonly owner?: { readonly accountId: string; readonly domainId: string };
  readonly zoneId?: string;
  /** What it names; modes stand in the command's declaration. A created resource is among them. */
  readonly locks: readonly ResourceRef[];
  /** What steps need beside the rows: ids, numbers, flags. Never a secret. */
  readonly input: Readonly<Record<string, unknown>>;
  /** Where one call's events differ from those declared, e.g. a deploy that shall not start. */
  readonly lifecycle?: OperationLifecycle;
  /** Calls with the same key join the open operation instead of starting another. */
  readonly naturalKey?: string;
  /** The operation that asks for this one, and which of its children this is: accepting it again joins it. */
  readonly parent?: { readonly operationId: string; readonly index: number };
  /** It goes before what waits for its resource; not before what runs there. Only for what locks nothing else. */
  readonly ahead?: boolean;
  /** Checks and writes once all rows are held. May run several times; no effect outside the database. */
  readonly write?: (tx: Tx, operationId: string) => Promise<void>;
}

/** An accepted operation; `joined` when an open one with the same natural key was found instead. */
export interface Accepted {
  readonly operationId: string;
  readonly resourceId: string;
  readonly joined: boolean;
}

/**
 * Accepts an operation.
 *
 * @throws DurastackError NOT_FOUND for a named resource; BUSY when an operation that needs attention holds one;
 *   whatever `write` throws
 */
export async function accept(source: DataSource, request: AcceptRequest): Promise<Accepted> {
  try {
    return await transaction(source, (tx) => acceptIn(tx, request));
  } catch (error) {
    if (!isDurastackError(error, 'CONFLICT')) throw error;
    const open = await transaction(source, (tx) => findOpen(tx, request));
    if (open) return open;
    throw error;
  }
}

async function findOpen(tx: Tx, request: AcceptRequest): Promise<Accepted | undefined> {
  const { naturalKey: key, parent } = request;
  if (key === undefined && parent === undefined) return undefined;
  const rows = await tx.query<{ id: string; resource_id: string }>(
    parent
      ? 'SELECT id, resource_id FROM operation WHERE parent_id = ? AND child_index = ?'
      : 'SELECT id, resource_id FROM operation WHERE natural_key = ?',
    parent ? [parent.operationId, parent.index] : [naturalKey(request)],
  );
  return rows[0] && { operationId: rows[0].id, resourceId: rows[0].resource_id, joined: true };
}

const naturalKey = (request: AcceptRequest) =>
  request.naturalKey === undefined ? null : `${request.command.name}:${request.naturalKey}`;

async function acceptIn(tx: Tx, request: AcceptRequest): Promise<Accepted> {
  const { command, resource } = request;
  const declared = command.operation;
  invariant(declared, `${command.name} is not declared as an operation.`);
  const open = await findOpen(tx, request);
  if (open) return open;
  await refuseInRecovery(tx);
  const locks = request.locks.map((ref): ResourceLock => {
    const mode = declared.locks[ref.type];
    invariant(mode, `${command.name} does not declare a lock on ${ref.type}.`);
    return { ...ref, mode };
  });
  const isNew = (ref: ResourceRef) => declared.creates === true && ref.type === resource.type && ref.id === resource.id;
  await lockRows(
    tx,
    locks.filter((lock) => !isNew(lock)),
  );
  const operationId = newId();
  if (declared.supersedes) await supersede(tx, request);
  // What is on the thing itself has just been given up; of another thing's operation only a person disposes.
  await refuseBehindAttention(tx, locks);
  await request.write?.(tx, operationId);
  const waiting = await mustWait(
    tx,
    locks.filter((lock) => !isNew(lock)),
    request.ahead === true ? 'holders' : 'all',
  );
  const seq = await insertOperation(tx, operationId, { request, waiting });
  if (locks.length > 0) {
    await tx.execute(
      `INSERT INTO operation_lock (operation_id, resource_type, resource_id, mode, seq, waiting) VALUES ${locks.map(() => '(?, ?, ?, ?, ?, ?)').join(', ')}`,
      locks.flatMap((lock) => [operationId, lock.type, lock.id, lock.mode, seq, waiting]),
    );
  }
  if (request.ahead === true) await goAhead(tx, operationId, resource);
  await writeEvent(tx, operationId, request);
  await noteUnderKey(tx, request.caller, operationId);
  return { operationId, resourceId: resource.id, joined: false };
}

/**
 * A repeat of the call finds what was accepted, even when the reply to the first was never written. Of two that were
 * carried out under one key (the first so slow that it was taken for dead), the later one accepts nothing.
 */
async function noteUnderKey(tx: Tx, { userId, idempotencyKeySha256 }: Caller, operationId: string): Promise<void> {
  if (idempotencyKeySha256 === undefined) return;
  const noted = await tx.execute(
    'UPDATE idempotency_key SET operation_id = ? WHERE user_id = ? AND key_sha256 = ? AND operation_id IS NULL',
    [operationId, userId, idempotencyKeySha256],
  );
  if (noted.affectedRows > 0) return;
  throw new DurastackError('BUSY', 'Another call with this Idempotency-Key was faster; repeat it to see its answer.', {
    details: { retryAfterMs: 1_000 },
  });
}

async function insertOperation(
  tx: Tx,
  operationId: string,
  { request, waiting }: { readonly request: AcceptRequest; readonly waiting: boolean },
): Promise<number> {
  const { command, caller, resource } = request;
  const owner = request.owner ?? caller;
  const summary =
    `${command.operation?.title} ${request.resourceName} for ${caller.accountName}/${caller.username}`.slice(0, 255);
  const { insertId } = await tx.execute(
    `INSERT INTO operation (id, kind, state, run, direction, resource_type, resource_id, summary, account_id, domain_id, user_id, zone_id,
       lifecycle_json, input_json, natural_key, event_type, parent_id, child_index, supersedes, granted_at, created_at, touched_at)
     VALUES (?, ?, ?, ?, 'forward', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, IF(?, NULL, NOW(3)), NOW(3), NOW(3))`,
    [
      operationId,
      command.name,
      waiting ? 'queued' : 'granted',
      waiting ? 0 : 1,
      resource.type,
      resource.id,
      summary,
      owner.accountId,
      owner.domainId,
      caller.userId,
      request.zoneId ?? null,
      JSON.stringify(request.lifecycle ?? command.operation?.lifecycle ?? {}),
      JSON.stringify(request.input),
      naturalKey(request),
      command.event ?? null,
      request.parent?.operationId ?? null,
      request.parent?.index ?? null,
      command.operation?.supersedes === true,
      waiting,
    ],
  );
  return insertId;
}

/** What asks for the end of a thing need not wait for what was asked of it before. */
async function supersede(tx: Tx, request: AcceptRequest): Promise<void> {
  const earlier = await tx.query<{ id: string; state: string }>(
    `SELECT l.operation_id AS id, o.state FROM operation_lock l JOIN operation o ON o.id = l.operation_id
      WHERE l.resource_type = ? AND l.resource_id = ? AND l.mode = 'exclusive' AND o.resource_type = l.resource_type AND o.resource_id = l.resource_id
      ORDER BY l.seq`,
    [request.resource.type, request.resource.id],
  );
  const why = `superseded by ${request.command.name}`;
  for (const { id, state } of earlier) {
    const stuck = state === 'needs-attention' ? await readOperation(tx, id, 'FOR UPDATE') : undefined;
    if (stuck?.state === 'needs-attention') await giveUp(tx, stuck, why);
    else await cancelInTransaction(tx, id, why);
  }
}

async function refuseBehindAttention(tx: Tx, locks: readonly ResourceLock[]): Promise<void> {
  if (locks.length === 0) return;
  // From the few that need attention to their locks: a shared network may be held by hundreds.
  const [stuck] = await tx.query<{ id: string; summary: string; type: string; resource: string }>(
    `SELECT o.id, o.summary, l.resource_type AS type, l.resource_id AS resource
       FROM operation o STRAIGHT_JOIN operation_lock l ON l.operation_id = o.id
      WHERE o.state = 'needs-attention'
        AND (${locks.map(() => "(l.resource_type = ? AND l.resource_id = ? AND (l.mode = 'exclusive' OR ? = 'exclusive'))").join(' OR ')}) LIMIT 1`,
    locks.flatMap(({ type, id, mode }) => [type, id, mode]),
  );
  if (!stuck) return;
  throw new DurastackError(
    'BUSY',
    `The ${stuck.type} ${stuck.resource} is held by operation ${stuck.id} (${stuck.summary}), which needs an administrator's attention.`,
    { details: { operationId: stuck.id } },
  );
}

async function writeEvent(tx: Tx, operationId: string, request: AcceptRequest): Promise<void> {
  const { command, caller, resource } = request;
  if (command.event === undefined) return;
  const owner = request.owner ?? caller;
  await tx.execute(
    `INSERT INTO event (id, account_id, domain_id, user_id, type, level, state, description, resource_type, resource_id, operation_id, source_address, created_at)
     VALUES (?, ?, ?, ?, ?, 'INFO', 'Scheduled', ?, ?, ?, ?, ?, NOW(3))`,
    [
      newId(),
      owner.accountId,
      owner.domainId,
      caller.userId,
      command.event,
      `${command.operation?.title} ${request.resourceName}`,
      resource.type,
      resource.id,
      operationId,
      caller.sourceAddress,
    ],
  );
}

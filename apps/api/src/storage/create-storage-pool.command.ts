import { absolutePath } from '@durastack/contracts/agent/specs';
import type { ParamsOf } from '@durastack/contracts/command';
import { DurastackError } from '@durastack/contracts/errors';
import type { ResourceRef } from '@durastack/contracts/resources';
import { createStoragePool } from '@durastack/contracts/storage/create-storage-pool';
import { newId } from '@durastack/kit/ids/new-id';
import type { Tx } from '@durastack/store/database/transaction';
import { accept } from '@durastack/store/operations/accept';
import { transition } from '@durastack/store/operations/state-rows';
import { autocommit } from '@durastack/store/database/transaction';
import { Handles, type CommandHandler, type StartedOperation } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { invalid, shorten } from '../face/text-faults.js';
import { Platform } from '../platform.js';
import { poolKey } from './pool-key.js';

type Params = ParamsOf<typeof createStoragePool>;

/** Accepts a new pool. Repeating it joins the one under way; a pool that failed is tried again. */
@Handles(createStoragePool)
export class CreateStoragePoolHandler implements CommandHandler<typeof createStoragePool> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: Params): Promise<StartedOperation> {
    const { kind, path } = parsePoolUrl(params.url);
    const reach = reachOf(params, kind);
    const naturalKey = poolKey(params.zoneId, params.name);
    const tx = autocommit(this.platform.database);
    const [known] = await tx.query<{ id: string }>('SELECT id FROM storage_pool WHERE natural_key = ?', [naturalKey]);
    const id = known?.id ?? newId();
    const pool = { type: 'storage-pool', id } as const;
    return accept(this.platform.database, {
      command: createStoragePool,
      caller: call.caller,
      resource: pool,
      resourceName: params.name,
      zoneId: params.zoneId,
      locks: [pool, { type: 'zone', id: params.zoneId }, ...reach.locks],
      naturalKey,
      input: {},
      write: (inner) => write(inner, { params, id, kind, path, naturalKey, ...reach }),
    });
  }
}

function parsePoolUrl(url: string): { kind: 'directory' | 'shared-mount-point'; path: string } {
  const match = /^(file|sharedmountpoint):\/\/(?:localhost)?(\/.*)$/i.exec(url);
  const path = match?.[2]?.replace(/\/+$/, '') ?? '';
  // The very rule of agents; see absolutePath in the contracts.
  if (!match || !absolutePath.safeParse(path).success)
    throw invalid(
      'url',
      `The url ${shorten(url)} is no pool; give file:///directory or SharedMountPoint:///directory.`,
    );
  return { kind: match[1]?.toLowerCase() === 'file' ? 'directory' : 'shared-mount-point', path };
}

interface Reach {
  readonly scope: 'HOST' | 'CLUSTER' | 'ZONE';
  readonly hostId: string | null;
  readonly clusterId: string | null;
  readonly locks: readonly ResourceRef[];
}

function reachOf(params: Params, kind: 'directory' | 'shared-mount-point'): Reach {
  if (kind === 'directory') {
    if (!params.hostId)
      throw new DurastackError('INVALID_INPUT', 'A local directory (file://) belongs to one host: give hostid.');
    return { scope: 'HOST', hostId: params.hostId, clusterId: null, locks: [{ type: 'host', id: params.hostId }] };
  }
  if (params.scope === 'ZONE') return { scope: 'ZONE', hostId: null, clusterId: null, locks: [] };
  if (!params.clusterId)
    throw new DurastackError(
      'INVALID_INPUT',
      'A shared mount point belongs to a cluster: give clusterid, or scope=ZONE.',
    );
  return {
    scope: 'CLUSTER',
    hostId: null,
    clusterId: params.clusterId,
    locks: [{ type: 'cluster', id: params.clusterId }],
  };
}

interface PoolPlan extends Reach {
  readonly params: Params;
  readonly id: string;
  readonly kind: string;
  readonly path: string;
  readonly naturalKey: string;
}

async function write(tx: Tx, plan: PoolPlan): Promise<void> {
  const { params, id } = plan;
  const [known] = await tx.query<{ state: string }>('SELECT state FROM storage_pool WHERE id = ? FOR UPDATE', [id]);
  if (known) {
    if (known.state !== 'Error')
      throw new DurastackError('CONFLICT', `The pool ${params.name} exists already (${id}, ${known.state}).`);
    await transition(tx, { type: 'storage-pool', id }, 'RetryRequested');
    await tx.execute(
      'UPDATE storage_pool SET path = ?, kind = ?, scope = ?, host_id = ?, cluster_id = ? WHERE id = ?',
      [plan.path, plan.kind, plan.scope, plan.hostId, plan.clusterId, id],
    );
    return;
  }
  await tx.execute(
    `INSERT INTO storage_pool (id, name, natural_key, zone_id, pod_id, cluster_id, host_id, kind, scope, path, state, allocation_state, tags, created_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'Creating', 'Enabled', ?, NOW(3))`,
    [
      id,
      params.name,
      plan.naturalKey,
      params.zoneId,
      params.podId ?? null,
      plan.clusterId,
      plan.hostId,
      plan.kind,
      plan.scope,
      plan.path,
      params.tags ?? null,
    ],
  );
}

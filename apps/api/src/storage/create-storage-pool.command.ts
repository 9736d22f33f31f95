import type { ParamsOf } from '@durastack/contracts/command';
import { DurastackError } from '@durastack/contracts/errors';
import type { ResourceRef } from '@durastack/contracts/resources';
import { createStoragePool } from '@durastack/contracts/storage/create-storage-pool';
import { joinTags } from '@durastack/contracts/tags';
import { newId } from '@durastack/kit/ids/new-id';
import { insertRow, updateRow } from '@durastack/store/database/rows';
import type { Tx } from '@durastack/store/database/transaction';
import { accept } from '@durastack/store/operations/accept';
import { transition } from '@durastack/store/operations/state-rows';
import { autocommit } from '@durastack/store/database/transaction';
import { readGlobalSettings } from '@durastack/store/operations/global-settings';
import { OVERPROVISIONING } from '@durastack/store/storage/overprovisioning';
import { Handles, type CommandHandler, type StartedOperation } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { poolColumns, type PoolColumns } from './pool-columns.js';
import { poolKey } from './pool-key.js';
import { parsePoolUrl, type PoolTarget } from './pool-url.js';

type Params = ParamsOf<typeof createStoragePool>;

/** Accepts a new pool. Repeating it joins the one under way; a pool that failed is tried again. */
@Handles(createStoragePool)
export class CreateStoragePoolHandler implements CommandHandler<typeof createStoragePool> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: Params): Promise<StartedOperation> {
    const target = parsePoolUrl(params.url, params.details);
    const reach = reachOf(params, target.kind);
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
      write: (inner) =>
        write(inner, { params, id, naturalKey, ...reach, columns: poolColumns(this.platform.secrets, id, target) }),
    });
  }
}

interface Reach {
  readonly scope: 'HOST' | 'CLUSTER' | 'ZONE';
  readonly hostId: string | null;
  readonly clusterId: string | null;
  readonly locks: readonly ResourceRef[];
}

function reachOf(params: Params, kind: PoolTarget['kind']): Reach {
  if (kind === 'directory') {
    if (!params.hostId)
      throw new DurastackError('INVALID_INPUT', 'A local directory (file://) belongs to one host: give hostid.');
    return { scope: 'HOST', hostId: params.hostId, clusterId: null, locks: [{ type: 'host', id: params.hostId }] };
  }
  if (params.scope === 'HOST' || params.hostId)
    throw new DurastackError(
      'INVALID_INPUT',
      'A pool that hosts share belongs to a cluster or zone, not to one host: give clusterid, or scope=ZONE.',
    );
  if (params.scope === 'ZONE') return { scope: 'ZONE', hostId: null, clusterId: null, locks: [] };
  if (!params.clusterId)
    throw new DurastackError(
      'INVALID_INPUT',
      'A pool that hosts share belongs to a cluster: give clusterid, or scope=ZONE.',
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
  readonly columns: PoolColumns;
  readonly naturalKey: string;
}

async function write(tx: Tx, plan: PoolPlan): Promise<void> {
  const { params, id } = plan;
  const [known] = await tx.query<{ state: string }>('SELECT state FROM storage_pool WHERE id = ? FOR UPDATE', [id]);
  if (known) {
    if (known.state !== 'Error')
      throw new DurastackError('CONFLICT', `The pool ${params.name} exists already (${id}, ${known.state}).`);
    await transition(tx, { type: 'storage-pool', id }, 'RetryRequested');
    const reach = { scope: plan.scope, host_id: plan.hostId, cluster_id: plan.clusterId };
    await updateRow(tx, { type: 'storage-pool', id }, { ...plan.columns, ...reach });
    return;
  }
  await insertRow(tx, 'storage_pool', {
    id,
    name: params.name,
    natural_key: plan.naturalKey,
    zone_id: params.zoneId,
    pod_id: params.podId ?? null,
    cluster_id: plan.clusterId,
    host_id: plan.hostId,
    scope: plan.scope,
    ...plan.columns,
    state: 'Creating',
    allocation_state: 'Enabled',
    tags: joinTags(params.tags) ?? null,
    overprovisioning: (await readGlobalSettings(tx))[OVERPROVISIONING],
    created_at: new Date(),
  });
}

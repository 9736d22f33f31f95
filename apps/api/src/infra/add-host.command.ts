import { isIP } from 'node:net';
import type { ParamsOf } from '@durastack/contracts/command';
import { DurastackError } from '@durastack/contracts/errors';
import { addHost } from '@durastack/contracts/infra/add-host';
import { joinTags } from '@durastack/contracts/tags';
import { newId } from '@durastack/kit/ids/new-id';
import { autocommit, type Tx } from '@durastack/store/database/transaction';
import { notFound } from '@durastack/store/identity/access';
import { accept } from '@durastack/store/operations/accept';
import { transition } from '@durastack/store/operations/state-rows';
import { Handles, type CommandHandler, type StartedOperation } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { parseHostUrl, type HostTarget } from './host-url.js';
import { tunnelColumn } from './tunnel-address.js';

type Params = ParamsOf<typeof addHost>;

/** Accepts the addition of a host. Repeating it joins the one under way; a host that failed to be added is tried again. */
@Handles(addHost)
export class AddHostHandler implements CommandHandler<typeof addHost> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: Params): Promise<StartedOperation> {
    const tx = autocommit(this.platform.database);
    const target = parseHostUrl(params);
    const clusterId = await this.findCluster(tx, params);
    const [known] = await tx.query<{ id: string }>('SELECT id FROM host WHERE natural_key = ?', [target.naturalKey]);
    const hostId = known?.id ?? newId();
    const host = { type: 'host', id: hostId } as const;
    return accept(this.platform.database, {
      command: addHost,
      caller: call.caller,
      resource: host,
      resourceName: target.name,
      zoneId: params.zoneId,
      locks: [host, { type: 'cluster', id: clusterId }],
      naturalKey: target.naturalKey,
      input: {},
      write: (inner) => this.write(inner, { params, target, hostId, clusterId }),
    });
  }

  private async findCluster(tx: Tx, params: Params): Promise<string> {
    const [cluster] = await tx.query<{ id: string; hypervisor: string }>(
      'SELECT id, hypervisor FROM cluster WHERE zone_id = ? AND pod_id = ? AND (id = ? OR name = ?)',
      [params.zoneId, params.podId, params.clusterId ?? '', params.clusterName ?? ''],
    );
    if (!cluster) throw notFound('clusterid', params.clusterId ?? params.clusterName ?? '');
    if (cluster.hypervisor.toLowerCase() !== params.hypervisor.toLowerCase()) {
      throw new DurastackError(
        'INVALID_INPUT',
        `The cluster is of hypervisor ${cluster.hypervisor}, not ${params.hypervisor}.`,
      );
    }
    return cluster.id;
  }

  private async write(
    tx: Tx,
    plan: { params: Params; target: HostTarget; hostId: string; clusterId: string },
  ): Promise<void> {
    const { params, target, hostId, clusterId } = plan;
    const sealed = this.platform.secrets.seal(JSON.stringify(target.secrets), `host:${hostId}`);
    const [known] = await tx.query<{ state: string }>('SELECT state FROM host WHERE id = ? FOR UPDATE', [hostId]);
    if (known) {
      if (known.state !== 'Error')
        throw new DurastackError('CONFLICT', `The host ${params.url} was added already (${hostId}, ${known.state}).`);
      await transition(tx, { type: 'host', id: hostId }, 'RetryRequested');
      await tx.execute('UPDATE host SET enrolment_sealed = ?, agent_url = ?, tunnel_address = ? WHERE id = ?', [
        sealed,
        target.agentUrl,
        await tunnelColumn(tx, params.zoneId, hostId, params.tunnelAddress),
        hostId,
      ]);
      return;
    }
    await tx.execute(
      `INSERT INTO host (id, name, zone_id, pod_id, cluster_id, hypervisor, state, allocation_state, natural_key, agent_url, ip_address, tunnel_address, tags,
         enrolment_sealed, created_at)
       SELECT ?, ?, zone_id, pod_id, id, hypervisor, 'Creating', ?, ?, ?, ?, ?, ?, ?, NOW(3) FROM cluster WHERE id = ?`,
      [
        hostId,
        target.name,
        params.allocationState ?? 'Enabled',
        target.naturalKey,
        target.agentUrl,
        isIP(target.address) === 0 ? null : target.address,
        await tunnelColumn(tx, params.zoneId, hostId, params.tunnelAddress),
        joinTags(params.hostTags) ?? null,
        sealed,
        clusterId,
      ],
    );
  }
}

import type { ParamsOf } from '@durastack/contracts/command';
import { DurastackError } from '@durastack/contracts/errors';
import { startRollingMaintenance } from '@durastack/contracts/infra/start-rolling-maintenance';
import { autocommit } from '@durastack/store/database/transaction';
import { notFound } from '@durastack/store/identity/access';
import { accept } from '@durastack/store/operations/accept';
import { Handles, type CommandHandler, type StartedOperation } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';

type Params = ParamsOf<typeof startRollingMaintenance>;

/** How hosts are named: the parameter and the column. */
const SCOPES = [
  ['hostIds', 'id'],
  ['clusterIds', 'cluster_id'],
  ['podIds', 'pod_id'],
  ['zoneIds', 'zone_id'],
] as const;

/** Accepts the maintenance of hosts, one after the other. */
@Handles(startRollingMaintenance)
export class StartRollingMaintenanceHandler implements CommandHandler<typeof startRollingMaintenance> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: Params): Promise<StartedOperation> {
    const hosts = await this.hostsOf(params);
    const [zone] = hosts;
    if (!zone) throw new DurastackError('INVALID_INPUT', 'There is no host in what was named.');
    if (hosts.some(({ zoneId }) => zoneId !== zone.zoneId))
      throw new DurastackError('INVALID_INPUT', 'The hosts are of several zones; name those of one zone at a time.');
    const { payload, timeout, localStorage, movesAtOnce, forced } = params;
    return accept(this.platform.database, {
      command: startRollingMaintenance,
      caller: call.caller,
      resource: { type: 'zone', id: zone.zoneId },
      resourceName: `${hosts.length} hosts of ${zone.zoneName}`,
      zoneId: zone.zoneId,
      locks: [],
      input: { hostIds: hosts.map(({ id }) => id), payload, timeout, localStorage, movesAtOnce, forced },
    });
  }

  /** Hosts that were named one by one, in that order, and all must be there; else by cluster and name. */
  private async hostsOf(params: Params): Promise<{ id: string; zoneId: string; zoneName: string }[]> {
    const named = SCOPES.filter(([parameter]) => params[parameter] !== undefined);
    const [scope] = named;
    if (named.length !== 1 || !scope)
      throw new DurastackError('INVALID_INPUT', 'Name one of hostids, clusterids, podids and zoneids.');
    const [parameter, column] = scope;
    const ids = [...new Set(params[parameter])];
    if (ids.length === 0) throw new DurastackError('INVALID_INPUT', `${parameter.toLowerCase()} is empty.`);
    const hosts = await autocommit(this.platform.database).query<{ id: string; zoneId: string; zoneName: string }>(
      `SELECT h.id, h.zone_id AS zoneId, z.name AS zoneName FROM host h JOIN zone z ON z.id = h.zone_id
        WHERE h.${column} IN (?) AND h.state <> 'Removed' ORDER BY h.cluster_id, h.name, h.id`,
      [ids],
    );
    const missing = parameter === 'hostIds' ? ids.find((id) => !hosts.some((host) => host.id === id)) : undefined;
    if (missing !== undefined) throw notFound('hostids', missing);
    return parameter === 'hostIds' ? hosts.sort((a, b) => ids.indexOf(a.id) - ids.indexOf(b.id)) : hosts;
  }
}

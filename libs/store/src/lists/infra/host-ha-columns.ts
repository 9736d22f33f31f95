import type { ResultOf } from '@durastack/contracts/command';
import type { listHosts } from '@durastack/contracts/infra/list-hosts';
import type { HostHaState } from '@durastack/contracts/infra/host-ha-states';

/** How HA stands with a host, over the joins `ha` (host_ha), `h` (host), `c` (cluster) and `z` (zone). */
export function hostHaState(h: string): string {
  return `CASE WHEN ha.enabled = 0 OR c.ha_disabled = 1 OR z.ha_disabled = 1 THEN 'Disabled'
    WHEN ha.state = 'Available' AND (${h}.state NOT IN ('Up', 'Disconnected', 'Down') OR ${h}.allocation_state IN ('PrepareForMaintenance', 'Maintenance'))
    THEN 'Ineligible' ELSE ha.state END`;
}

/** The same as an object of the host; nothing while HA is not configured for it. */
export function hostHaOf(row: Readonly<Record<string, unknown>>): Pick<ResultOf<typeof listHosts>, 'hostHa'> {
  if (row['haProvider'] === null) return {};
  const [reason, since] = [row['haReason'], row['haSince']];
  return {
    hostHa: {
      haProvider: String(row['haProvider']),
      haEnable: Number(row['haEnable']) === 1,
      haState: row['haState'] as HostHaState,
      ...(reason === null ? {} : { haReason: String(reason) }),
      ...(since instanceof Date ? { haSince: since.toISOString() } : {}),
    },
  };
}

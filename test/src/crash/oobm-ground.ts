/** A host with a management controller: a real Redfish service, of which nothing but its power is simulated. */
import { ChangeOutOfBandManagementPasswordHandler } from '@durastack/api/infra/change-out-of-band-management-password.command';
import { ConfigureOutOfBandManagementHandler } from '@durastack/api/infra/configure-out-of-band-management.command';
import { EnableOutOfBandManagementForHostHandler } from '@durastack/api/infra/enable-out-of-band-management-for-host.command';
import { IssueOutOfBandManagementPowerActionHandler } from '@durastack/api/infra/issue-out-of-band-management-power-action.command';
import { startRedfish, type TestRedfish } from '../oobm/controllers.js';
import type { Ground, Started } from './ground.js';

/** By host. */
const started = new Map<string, Promise<TestRedfish>>();

/** A host whose controller is enabled, and on; its id. */
export async function controlledHost({ world, hostIds }: Ground): Promise<string> {
  const hostId = hostIds[0]!;
  if (!started.has(hostId)) started.set(hostId, startRedfish());
  const controller = await started.get(hostId)!;
  controller.set('On');
  await new ConfigureOutOfBandManagementHandler(world.platform).execute(world.call, { hostId, ...controller.login });
  await new EnableOutOfBandManagementForHostHandler(world.platform).execute(world.call, { hostId });
  await world.db.execute('UPDATE out_of_band_management SET last_action = NULL WHERE host_id = ?', [hostId]);
  return hostId;
}

/** Asks for it to be switched off. */
export const switchOff = ({ world }: Ground, hostId: string): Promise<Started> =>
  new IssueOutOfBandManagementPowerActionHandler(world.platform).execute(world.call, { hostId, action: 'OFF' });

/** Asks for another password of its controller. */
export const changeControllerPassword = ({ world }: Ground, hostId: string): Promise<Started> =>
  new ChangeOutOfBandManagementPasswordHandler(world.platform).execute(world.call, { hostId });

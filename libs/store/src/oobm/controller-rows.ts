/** Management controllers as they are stored, and as they are shown. The one place that knows when one is used. */
import type { ResultOf } from '@durastack/contracts/command';
import type { configureOutOfBandManagement } from '@durastack/contracts/infra/configure-out-of-band-management';
import type { ControllerDriver, ControllerPower, PowerAction } from '@durastack/contracts/infra/power-controller';
import { DurastackError } from '@durastack/contracts/errors';
import type { SecretBox } from '@durastack/kit/secrets/secret-box';
import type { Tx } from '../database/transaction.js';

/** What is shown of one. */
export type ShownController = ResultOf<typeof configureOutOfBandManagement>;

/** A controller's row, with whether it is used. */
export interface ControllerRow {
  readonly hostId: string;
  readonly hostName: string;
  readonly driver: ControllerDriver;
  readonly address: string;
  readonly port: number;
  readonly username: string;
  readonly passwordSealed: string;
  readonly nextPasswordSealed: string | null;
  readonly fingerprint: string | null;
  readonly isUsed: boolean;
  readonly power: ControllerPower;
  readonly lastAction: PowerAction | null;
}

/** Whether the controller of `host b` is used, `o` being its row. */
export const IS_USED = `(o.enabled = 1
  AND NOT EXISTS (SELECT 1 FROM cluster oc WHERE oc.id = b.cluster_id AND oc.out_of_band_management_disabled = 1)
  AND NOT EXISTS (SELECT 1 FROM zone oz WHERE oz.id = b.zone_id AND oz.out_of_band_management_disabled = 1))`;

/** The context that its passwords are sealed in. */
export function controllerSecretContext(hostId: string): string {
  return `out-of-band-management:${hostId}`;
}

/** As many passwords that a change may have left at the controller are tried beside the new one. */
const CANDIDATES = 2;

/** Passwords that the controller may take beside the present one, the newest first. */
export function readCandidates(
  box: SecretBox,
  { hostId, nextPasswordSealed }: Pick<ControllerRow, 'hostId' | 'nextPasswordSealed'>,
): string[] {
  return nextPasswordSealed === null ? [] : box.open(nextPasswordSealed, controllerSecretContext(hostId)).split('\n');
}

/** Seals them. No password has an end of line in it. */
export function sealCandidates(box: SecretBox, hostId: string, passwords: readonly string[]): string | null {
  const kept = passwords.slice(0, CANDIDATES);
  return kept.length === 0 ? null : box.seal(kept.join('\n'), controllerSecretContext(hostId));
}

/** The controller of a host; undefined: none is configured. */
export async function readController(tx: Tx, hostId: string): Promise<ControllerRow | undefined> {
  const [row] = await tx.query<Omit<ControllerRow, 'isUsed'> & { used: number }>(
    `SELECT o.host_id AS hostId, b.name AS hostName, o.driver, o.address, o.port, o.username, o.password_sealed AS passwordSealed,
        o.next_password_sealed AS nextPasswordSealed, o.fingerprint, o.power_state AS power, o.last_action AS lastAction, ${IS_USED} AS used
      FROM out_of_band_management o JOIN host b ON b.id = o.host_id WHERE o.host_id = ?`,
    [hostId],
  );
  return row && { ...row, port: Number(row.port), isUsed: Number(row.used) === 1 };
}

/** As {@link readController}. NOT_FOUND and NOT_ALLOWED_IN_STATE say what to do when there is none that is used. */
export async function requireUsedController(tx: Tx, hostId: string): Promise<ControllerRow> {
  const row = await readController(tx, hostId);
  if (row === undefined)
    throw new DurastackError(
      'NOT_FOUND',
      `Host ${hostId} has no management controller configured; configureOutOfBandManagement does that.`,
    );
  if (row.isUsed) return row;
  throw new DurastackError(
    'NOT_ALLOWED_IN_STATE',
    `The management controller of ${row.hostName} is not used: enable it for the host, and for its cluster and zone (enableOutOfBandManagementForHost, …ForCluster, …ForZone).`,
  );
}

/** What is shown of a row. Never a password. */
export function showController(
  row: Omit<ControllerRow, 'hostName' | 'passwordSealed' | 'nextPasswordSealed' | 'fingerprint'>,
): ShownController {
  return {
    hostId: row.hostId,
    powerState: row.isUsed ? row.power : 'Disabled',
    enabled: row.isUsed,
    driver: row.driver,
    address: row.address,
    port: String(row.port),
    username: row.username,
    ...(row.lastAction === null ? {} : { action: row.lastAction }),
  };
}

/** Notes what a controller said. */
export async function notePower(tx: Tx, hostId: string, power: ControllerPower): Promise<void> {
  await tx.execute('UPDATE out_of_band_management SET power_state = ?, power_read_at = NOW(3) WHERE host_id = ?', [
    power,
    hostId,
  ]);
}

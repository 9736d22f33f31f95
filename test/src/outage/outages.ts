/** Long outages of single parts under many hosts: nobody is declared down while nobody could have heard him. */
import { setTimeout as sleep } from 'node:timers/promises';
import { DurastackError } from '@durastack/contracts/errors';
import { autocommit } from '@durastack/store/database/transaction';
import { enableSimulatedHa } from '../ha/ha-cloud.js';
import type { TestController } from '../oobm/controllers.js';
import { eventually, objectOf } from '../support/basis.js';
import type { Child } from '../support/child.js';
import type { Cloud, Place } from '../support/cloud.js';

/** A part that is away, paused or dead. */
export interface Outage {
  readonly part: 'api' | 'worker' | 'mariadb';
  readonly how: 'paused' | 'killed';
}

/** Every one. */
export const ALL_OUTAGES: readonly Outage[] = (['api', 'worker', 'mariadb'] as const).flatMap((part) => [
  { part, how: 'paused' as const },
  { part, how: 'killed' as const },
]);

const ENROL_AT_ONCE = 8;

/** Enrols simulated hosts until there are so many. */
export async function addHosts(cloud: Cloud, place: Place, count: number): Promise<void> {
  for (let begun = 0; begun < count; begun += ENROL_AT_ONCE) {
    const batch = Math.min(ENROL_AT_ONCE, count - begun);
    await Promise.all(Array.from({ length: batch }, () => cloud.addHost(place)));
  }
}

/** Lets a part be away for so long, and waits until it is back. */
export async function suffer(cloud: Cloud, { part, how }: Outage, durationMs: number): Promise<void> {
  const child: Child | undefined = cloud[part];
  if (!child) throw new DurastackError('INVALID_INPUT', `This cloud has no ${part} of its own.`);
  await child.kill(how === 'paused' ? 'SIGSTOP' : 'SIGKILL');
  await sleep(durationMs);
  if (how === 'paused') await child.kill('SIGCONT');
  else await child.start();
}

/** Hosts by state. */
export async function hostStates(cloud: Cloud): Promise<Record<string, number>> {
  const rows = await autocommit(cloud.database.source).query<{ state: string; count: number }>(
    'SELECT state, COUNT(*) AS count FROM host GROUP BY state',
  );
  return Object.fromEntries(rows.map(({ state, count }) => [state, Number(count)]));
}

/** How many times a worker of this cloud has declared a host silent. */
export function declaredSilent(cloud: Cloud): number {
  return [cloud.worker, ...cloud.otherWorkers].reduce(
    (sum, worker) => sum + worker.log().split('a host has fallen silent').length - 1,
    0,
  );
}

/**
 * HA of all hosts, and a trap: hosts alone in zones of their own, without neighbours who could speak for them, whose
 * controllers say that they are off. Only their heartbeats keep them from being fenced: whoever takes a silence that
 * means nothing for one that counts, fences these.
 *
 * @returns ids of those hosts
 */
export async function enableHa(cloud: Cloud, controllers: readonly TestController[]): Promise<readonly string[]> {
  const trapped: string[] = [];
  for (const [index, controller] of controllers.entries()) {
    const hostid = await cloud.addHost(await lonelyPlace(cloud, `alone-${index}`));
    const { port, ...login } = controller.login;
    controller.set('Off');
    await cloud.admin.call('configureOutOfBandManagement', { hostid, port: String(port), ...login });
    await cloud.admin.callAndWait('enableOutOfBandManagementForHost', { hostid });
    trapped.push(hostid);
  }
  const rows = await autocommit(cloud.database.source).query<{ id: string }>("SELECT id FROM host WHERE state = 'Up'");
  for (let begun = 0; begun < rows.length; begun += ENROL_AT_ONCE)
    await Promise.all(rows.slice(begun, begun + ENROL_AT_ONCE).map(({ id }) => enableSimulatedHa(cloud.admin, [id])));
  return trapped;
}

/** How many hosts were to be fenced so far. */
export async function fencings(cloud: Cloud): Promise<number> {
  const rows = await autocommit(cloud.database.source).query<{ count: number }>(
    "SELECT COUNT(*) AS count FROM operation WHERE kind = 'failOverHost'",
  );
  return Number(rows[0]?.count);
}

async function lonelyPlace({ admin }: Cloud, name: string): Promise<Place> {
  const make = async (command: string, params: Record<string, string>) =>
    objectOf(await admin.callAndWait(command, params)).id;
  const address = { dns1: '10.1.0.1', internaldns1: '127.0.0.1' };
  const zoneId = await make('createZone', { name, networktype: 'Advanced', ...address });
  const range = { gateway: '10.1.0.1', netmask: '255.255.0.0', startip: '10.1.0.2', endip: '10.1.0.9' };
  const podId = await make('createPod', { zoneid: zoneId, name, ...range });
  const cluster = { clustername: name, hypervisor: 'Simulator', clustertype: 'CloudManaged' };
  return { zoneId, podId, clusterId: await make('addCluster', { zoneid: zoneId, podid: podId, ...cluster }) };
}

/** Waits until the last heartbeat of every host is younger than this. */
export async function allHeard(cloud: Cloud, withinMs: number): Promise<void> {
  await eventually(
    'every host is heard again',
    async () => {
      const rows = await autocommit(cloud.database.source)
        .query<{ silent: number }>(
          `SELECT COUNT(*) AS silent FROM host
            WHERE state <> 'Removed' AND last_heartbeat_at < NOW(3) - INTERVAL ? MICROSECOND`,
          [withinMs * 1_000],
        )
        .catch(() => undefined);
      return rows !== undefined && Number(rows[0]?.silent) === 0;
    },
    120_000,
  );
}

/** A cloud as the scenarios measure it: a database as durable as in production, heartbeats at their default interval. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DurastackError } from '@durastack/contracts/errors';
import { createAgentClient } from '@durastack/kit/agent-client/agent-client';
import { openSecretBox } from '@durastack/kit/secrets/secret-box';
import { issueControlPlaneCertificate } from '@durastack/kit/tls/certificate-authority';
import { autocommit, type Tx } from '@durastack/store/database/transaction';
import { loadCertificateAuthority } from '@durastack/store/infra/certificate-authority';
import { makeBasis, type Basis } from '../support/basis.js';
import { readInventories } from '../support/consistency.js';
import { startCloud, type Cloud } from '../support/cloud.js';

/** A cloud with hosts, storage, a template and a network. */
export interface BenchCloud extends Cloud {
  readonly basis: Basis;
  /** Of the form that workflows of operations have. */
  workflowId(operationId: string): string;
}

const HEARTBEAT_MS = '5000';

/** What a bench asks for beside hosts, which are simulated by one agent process. */
export interface BenchCloudOptions {
  readonly hosts: number;
  /** Further settings of API and worker. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** Starts one. */
export async function startBenchCloud({ hosts, settings }: BenchCloudOptions): Promise<BenchCloud> {
  const cloud = await startCloud({
    privateDatabase: true,
    settings: { DURASTACK_HEARTBEAT_INTERVAL_MS: HEARTBEAT_MS, ...settings },
  });
  try {
    await requireDurable(cloud);
    const basis = await makeBasis(cloud, { hosts });
    return { ...cloud, basis, workflowId: (operationId) => `${operationId}-1` };
  } catch (error) {
    await cloud.stop();
    throw error;
  }
}

/** Figures of a database that may lose commits would say nothing. */
async function requireDurable({ database }: Cloud): Promise<void> {
  const [row] = await autocommit(database.source).query<{ flush: number; method: string; doublewrite: number }>(
    'SELECT @@innodb_flush_log_at_trx_commit AS flush, @@innodb_flush_method AS method, @@innodb_doublewrite AS doublewrite',
  );
  if (Number(row?.flush) !== 1 || Number(row?.doublewrite) !== 1 || /nosync/i.test(String(row?.method)))
    throw new DurastackError('BUG', `The database of the bench is not durable: ${JSON.stringify(row)}.`);
}

/** How an operation ended. */
export interface Ending {
  readonly state: string;
  /** Milliseconds since the epoch. */
  readonly endedAt: number;
  readonly failure: string | null;
}

/** How operations ended, by id. STEP_REFUSED with the first failure when one did not succeed. */
export async function readEndings(
  { database }: Cloud,
  operationIds: readonly string[],
): Promise<ReadonlyMap<string, Ending>> {
  const rows = await autocommit(database.source).query<Ending & { id: string }>(
    'SELECT id, state, UNIX_TIMESTAMP(ended_at) * 1000 AS endedAt, CONCAT_WS(0x20, error_code, error_message) AS failure FROM operation WHERE id IN (?)',
    [operationIds],
  );
  const failed = rows.filter(({ state }) => state !== 'succeeded');
  if (failed[0]) {
    const { id, state, failure } = failed[0];
    const text = `${failed.length} of ${operationIds.length} operations did not succeed; the first, ${id}: ${state} ${failure}`;
    throw new DurastackError('STEP_REFUSED', text);
  }
  return new Map(rows.map((row) => [row.id, { ...row, endedAt: Number(row.endedAt) }]));
}

/** How often {@link untilDone} looks: what is added to a time by that is at most this. */
export const LOOK_MS = 2;

/** Waits until one operation has ended, well or not. */
export async function untilDone(db: Tx, operationId: string): Promise<void> {
  for (;;) {
    const [row] = await db.query<{ state: string }>('SELECT state FROM operation WHERE id = ?', [operationId]);
    if (row?.state !== 'queued' && row?.state !== 'granted' && row?.state !== 'running') return;
    await sleep(LOOK_MS);
  }
}

/** Waits until no operation is open. */
export async function untilIdle({ database }: Cloud, pollMs = 100): Promise<void> {
  const db = autocommit(database.source);
  for (;;) {
    const [open] = await db.query<{ n: number }>(
      "SELECT COUNT(*) AS n FROM operation WHERE state IN ('queued', 'granted', 'running')",
    );
    if (Number(open?.n) === 0) return;
    await sleep(pollMs);
  }
}

interface Wanted {
  readonly vmId: string;
  readonly hostId: string | null;
  readonly volumeId: string;
  readonly poolId: string | null;
  readonly ip: string;
  readonly reserved: number;
}

/**
 * How many of these machines are really there: domain and address seen on the host that the row names, disk seen on
 * its pool, host and pool reserved. The hosts are asked, not the operation.
 */
export async function countSeen(cloud: Cloud, vmIds: readonly string[]): Promise<number> {
  if (vmIds.length === 0) return 0;
  const authority = await loadCertificateAuthority(
    cloud.database.source,
    openSecretBox(join(cloud.directory, 'data.key')),
  );
  const client = createAgentClient({
    caPem: authority.certificatePem,
    ...(await issueControlPlaneCertificate(authority)),
  });
  const inventories = await readInventories(cloud.database.source, client).finally(() => client.close());
  const volumes = new Set(
    [...inventories.values()].flatMap((inventory) =>
      Object.entries(inventory.volumes).flatMap(([poolId, ids]) => ids.map((id) => `${poolId}/${id}`)),
    ),
  );
  const running = new Set(
    [...inventories].flatMap(([hostId, { vms }]) =>
      vms.filter(({ power }) => power === 'running').map(({ id }) => `${hostId}/${id}`),
    ),
  );
  const addresses = await readAddresses(cloud, [...inventories.keys()]);
  const rows = await readWanted(cloud, vmIds);
  return rows.filter(
    ({ vmId, hostId, volumeId, poolId, ip, reserved }) =>
      running.has(`${hostId}/${vmId}`) &&
      volumes.has(`${poolId}/${volumeId}`) &&
      addresses.get(vmId) === ip &&
      Number(reserved) === 2,
  ).length;
}

function readWanted({ database }: Cloud, vmIds: readonly string[]): Promise<Wanted[]> {
  return autocommit(database.source).query<Wanted>(
    `SELECT v.id AS vmId, v.host_id AS hostId, d.id AS volumeId, d.pool_id AS poolId, n.ip,
       (SELECT COUNT(*) FROM reservation r WHERE (r.owner_id = v.id AND r.resource_type = 'host' AND r.resource_id = v.host_id)
          OR (r.owner_id = d.id AND r.resource_type = 'storage-pool' AND r.resource_id = d.pool_id)) AS reserved
     FROM virtual_machine v JOIN volume d ON d.vm_id = v.id JOIN nic n ON n.vm_id = v.id
     WHERE v.id IN (?) AND v.state = 'Running'`,
    [vmIds],
  );
}

interface SimulatedHostView {
  readonly vms: Readonly<Record<string, { spec: { nics: { ip: string }[] } }>>;
}

/** The address that each simulated machine was given. */
async function readAddresses(cloud: Cloud, hostIds: readonly string[]): Promise<Map<string, string>> {
  const addresses = new Map<string, string>();
  for (const hostId of hostIds) {
    const { vms } = (await cloud.simulate('GET', `/hosts/${hostId}`)) as unknown as SimulatedHostView;
    for (const [id, { spec }] of Object.entries(vms)) addresses.set(id, spec.nics[0]?.ip ?? '');
  }
  return addresses;
}

/** Certificates of hosts are renewed in time, by a worker, through agents that go on reporting. */
import { join } from 'node:path';
import { renewDue, type RenewalOptions } from '@durastack/activities/loops/certificate-renewal';
import { createAgentClient, type AgentClient } from '@durastack/kit/agent-client/agent-client';
import { newId } from '@durastack/kit/ids/new-id';
import { createLogger } from '@durastack/kit/log/logger';
import { openSecretBox } from '@durastack/kit/secrets/secret-box';
import { issueControlPlaneCertificate, newSerial } from '@durastack/kit/tls/certificate-authority';
import { autocommit } from '@durastack/store/database/transaction';
import { loadCertificateAuthority } from '@durastack/store/infra/certificate-authority';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually, makeBasis } from '../support/basis.js';
import { startCloud, type Cloud } from '../support/cloud.js';

interface Row {
  readonly state: string;
  readonly incarnation: number;
  readonly serial: string;
  readonly next: string | null;
  readonly days: number;
  readonly beat: Date;
}

let cloud: Cloud;
let hostId: string;
let client: AgentClient;
let options: RenewalOptions;

beforeAll(async () => {
  cloud = await startCloud();
  const basis = await makeBasis(cloud, { hosts: 1 });
  hostId = basis.hostIds[0] ?? '';
  const { source } = cloud.database;
  const authority = await loadCertificateAuthority(source, openSecretBox(join(cloud.directory, 'data.key')));
  const identity = await issueControlPlaneCertificate(authority);
  client = createAgentClient({ caPem: authority.certificatePem, ...identity });
  options = {
    source,
    client,
    authority,
    log: createLogger('test', 'silent'),
    holder: 'test',
    intakeUrl: cloud.intakeUrl,
    heartbeatIntervalMs: 1_000,
  };
});

afterAll(async () => {
  await client?.close();
  await cloud?.stop();
});

const db = () => autocommit(cloud.database.source);
const host = async (): Promise<Row> => {
  const [row] = await db().query<Row>(
    `SELECT state, incarnation, certificate_serial AS serial, next_certificate_serial AS next, last_heartbeat_at AS beat,
       TIMESTAMPDIFF(DAY, NOW(3), certificate_expires_at) AS days FROM host WHERE id = ?`,
    [hostId],
  );
  return row as Row;
};
const expireIn = (days: number) =>
  db().execute('UPDATE host SET certificate_expires_at = NOW(3) + INTERVAL ? DAY WHERE id = ?', [days, hostId]);
/** The next heartbeat after now is accepted: what the agent shows counts. */
const reports = async () => {
  const { beat } = await host();
  return eventually('a heartbeat', async () => (await host()).beat > beat, 15_000);
};

it('is not due while more than a third of its life is left', async () => {
  expect((await host()).days).toBeGreaterThan(360);
  await expireIn(130);
  const before = await host();
  expect(await renewDue(options, async () => true)).toEqual([]);
  expect(await host()).toMatchObject({ serial: before.serial, next: null });
});

it('is renewed by the worker, and heartbeats go on under the new one', async () => {
  const before = await host();
  await expireIn(100);
  await eventually('a new certificate', async () => (await host()).serial !== before.serial, 40_000);
  const after = await host();
  expect(after).toMatchObject({ state: 'Up', next: null, incarnation: before.incarnation });
  expect(after.days).toBeGreaterThan(360);
  await expect(reports()).resolves.toBe(true);
});

it('takes up a renewal that was interrupted, wherever that was', async () => {
  const next = newSerial();
  await expireIn(50);
  await db().execute('UPDATE host SET next_certificate_serial = ? WHERE id = ?', [next, hostId]);
  // The old one counts until the agent has the new one.
  await reports();
  expect(await renewDue(options, async () => true)).toEqual([hostId]);
  expect(await host()).toMatchObject({ serial: next, next: null });
  await reports();

  // The agent had taken it, but that was not written down any more.
  const unwritten = newSerial();
  await db().execute('UPDATE host SET certificate_serial = ?, next_certificate_serial = ? WHERE id = ?', [
    unwritten,
    next,
    hostId,
  ]);
  await reports();
});

it('is not held up by hosts that cannot be renewed, however many end before', async () => {
  const [row] = await db().query<Record<string, unknown>>('SELECT * FROM host WHERE id = ?', [hostId]);
  const silent = Array.from({ length: 45 }, () => newId());
  for (const id of silent) {
    const other = { ...row, id, name: id, agent_url: 'agent://127.0.0.1:9', natural_key: null };
    await db().execute(`INSERT INTO host (${Object.keys(other).join(', ')}) VALUES (?)`, [Object.values(other)]);
  }
  await db().execute('UPDATE host SET certificate_expires_at = NOW(3) + INTERVAL 1 DAY WHERE id IN (?)', [silent]);
  await expireIn(50);
  expect(await renewDue(options, async () => true)).toEqual([hostId]);
  await db().execute('DELETE FROM host WHERE id IN (?)', [silent]);
});

it('of a host that was removed meanwhile is not revived', async () => {
  await expireIn(50);
  await db().execute('UPDATE host SET certificate_serial = NULL, next_certificate_serial = NULL WHERE id = ?', [
    hostId,
  ]);
  expect(await renewDue(options, async () => true)).toEqual([]);
  expect((await host()).serial).toBeNull();
});

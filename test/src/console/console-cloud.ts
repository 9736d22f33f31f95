/** An API and an agent of one simulated host, in this process and on loopback, with machines of two accounts. */
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { createApi, type Api } from '@durastack/api/boot';
import { ApiClient } from '@durastack/cli/api/api-client';
import type { PoolSpec } from '@durastack/contracts/agent/specs';
import { startAgent } from '@durastack/host-agent/agent';
import { createAgentClient, type AgentAddress, type AgentClient } from '@durastack/kit/agent-client/agent-client';
import { createEnrolmentClient } from '@durastack/kit/agent-client/enrol';
import { newId } from '@durastack/kit/ids/new-id';
import { createLogger } from '@durastack/kit/log/logger';
import { openSecretBox, type SecretBox } from '@durastack/kit/secrets/secret-box';
import {
  issueControlPlaneCertificate,
  newSerial,
  signHostCsr,
  type KeyAndCertificate,
} from '@durastack/kit/tls/certificate-authority';
import { VirtualMachineEntity } from '@durastack/store/compute/virtual-machine.entity';
import { autocommit } from '@durastack/store/database/transaction';
import { HostEntity } from '@durastack/store/infra/host.entity';
import { loadCertificateAuthority } from '@durastack/store/infra/certificate-authority';
import { newUserKeys, seed, storeUserKeys } from '@durastack/store/seed';
import { createTestDatabase, type TestDatabase } from '@durastack/store/testing/test-database';
import { pino } from 'pino';
import { freePort } from '../support/free-port.js';

export interface Tenant {
  readonly accountId: string;
  readonly domainId: string;
  readonly userId: string;
  readonly client: ApiClient;
  /** Headers of its REST calls. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface ConsoleCloud {
  readonly url: string;
  readonly api: Api;
  readonly database: TestDatabase;
  readonly owner: Tenant;
  readonly stranger: Tenant;
  readonly host: AgentAddress;
  /** Every line that the API has logged. */
  readonly log: () => string;
  /** A machine of the owner; it runs on the host unless told otherwise. */
  makeVm(order?: { readonly name?: string; readonly running?: boolean }): Promise<string>;
  /** Cuts its power at the host. */
  cutPower(vmId: string): Promise<void>;
  stop(): Promise<void>;
}

export async function startConsoleCloud(): Promise<ConsoleCloud> {
  const database = await createTestDatabase();
  const directory = mkdtempSync(join(tmpdir(), 'durastack-console-'));
  await seed(database.source);
  const dataKeyFile = join(directory, 'data.key');
  writeFileSync(dataKeyFile, randomBytes(32).toString('base64'), { mode: 0o600 });
  const box = openSecretBox(dataKeyFile);

  const lines: string[] = [];
  const sink = new Writable({ write: (chunk, _encoding, done) => (lines.push(String(chunk)), done()) });
  const port = await freePort();
  const settings = { instance: 'test', logLevel: 'trace' as const, databaseUrl: database.url, dataKeyFile };
  const apiListen = { host: '127.0.0.1', port };
  const api = await createApi(
    { ...settings, apiListen } as Parameters<typeof createApi>[0],
    pino({ level: 'trace' }, sink),
    {
      database: database.source,
    },
  );
  await api.app.listen(port, '127.0.0.1');
  const url = `http://127.0.0.1:${port}`;

  const authority = await loadCertificateAuthority(database.source, box);
  const agent = await startEnrolledAgent(directory, authority);
  await insertHost(database, agent.host);
  const certificate = await issueControlPlaneCertificate(authority);
  const plane = createAgentClient({ caPem: authority.certificatePem, ...certificate });
  const pool: PoolSpec = { id: randomUUID(), kind: 'directory', path: '/pool' };
  let generation = 1;
  const token = () => ({ controlEpoch: 0, generation: generation++, step: 0 });
  await plane.call(agent.host, 'ensurePool', { pool }, { token: token() });

  const owner = await makeTenant(database, box, { name: 'acme', url });
  const stranger = await makeTenant(database, box, { name: 'other', url });
  return {
    url,
    api,
    database,
    owner,
    stranger,
    host: agent.host,
    log: () => lines.join(''),
    async makeVm({ name = 'web-1', running = true } = {}) {
      const vmId = newId();
      if (running) await runVm({ plane, host: agent.host, pool, token }, vmId);
      await insertVm(database, owner, { vmId, name, hostId: running ? agent.host.id : null });
      return vmId;
    },
    async cutPower(vmId) {
      await plane.call(agent.host, 'ensureVmStopped', { vmId }, { token: token() });
    },
    async stop() {
      await plane.close();
      await api.close();
      await agent.stop();
      await database.drop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function startEnrolledAgent(directory: string, authority: KeyAndCertificate) {
  const agentDir = join(directory, 'agent');
  const agentEnrolTokenFile = join(directory, 'enrol-token');
  const token = randomBytes(24).toString('hex');
  writeFileSync(agentEnrolTokenFile, token, { mode: 0o600 });
  const config = { instance: 'test', logLevel: 'fatal' as const, agentDir, agentEnrolTokenFile };
  const agent = await startAgent(
    {
      ...config,
      agentListen: { host: '127.0.0.1', port: 0 },
      agentDriver: 'simulator',
      libvirtSocket: '/nowhere',
      simulatorLatencyMs: 0,
    } as Parameters<typeof startAgent>[0],
    createLogger('agent', 'fatal'),
    () => Promise.reject(new Error('simulated')),
  );
  const host: AgentAddress = { id: newId(), url: `agent://127.0.0.1:${agent.port}` };
  const fingerprint = readFileSync(join(agentDir, 'enrol-fingerprint'), 'utf8').trim();
  const enrolment = createEnrolmentClient({ url: host.url, fingerprint, token, hostId: host.id });
  const csr = await enrolment.requestCsr();
  const facts = { hostId: host.id, incarnation: 1, serial: newSerial() };
  await enrolment.installCertificate({
    certificatePem: await signHostCsr(authority, csr, facts),
    caPem: authority.certificatePem,
    incarnation: 1,
    // Nobody listens there: consoles do not need heartbeats.
    intakeUrl: 'https://127.0.0.1:9',
    intervalMs: 60_000,
  });
  await enrolment.close();
  return { host, stop: () => agent.stop() };
}

async function insertHost(database: TestDatabase, host: AgentAddress): Promise<void> {
  const place = { zoneId: newId(), podId: newId(), clusterId: newId() };
  await database.source.manager.insert(HostEntity, {
    ...{ id: host.id, name: 'h1', ...place, hypervisor: 'Simulator', state: 'Up', allocationState: 'Enabled' },
    ...{ agentUrl: host.url, createdAt: new Date() },
  });
}

async function runVm(
  at: {
    plane: AgentClient;
    host: AgentAddress;
    pool: PoolSpec;
    token: () => { controlEpoch: number; generation: number; step: number };
  },
  vmId: string,
): Promise<void> {
  const volume = { id: randomUUID(), pool: at.pool, sizeBytes: 2 ** 30 };
  await at.plane.call(at.host, 'ensureVolume', { volume }, { token: at.token() });
  const size = { vcpus: 1, cpuMhz: 1_000, memoryMib: 128 };
  const seedDisk = { instanceId: vmId, hostname: 'web-1', publicKeys: [] };
  const disks = { rootVolume: volume, dataVolumes: [] };
  const vm = { id: vmId, domainName: `test-${vmId.slice(-12)}`, ...size, ...disks, nics: [], seed: seedDisk };
  await at.plane.call(at.host, 'ensureVmRunning', { vm }, { token: at.token() });
}

async function insertVm(
  database: TestDatabase,
  owner: Tenant,
  vm: { vmId: string; name: string; hostId: string | null },
): Promise<void> {
  const { accountId, domainId, userId } = owner;
  const power = vm.hostId === null ? 'off' : 'on';
  await database.source.manager.insert(VirtualMachineEntity, {
    ...{ id: vm.vmId, name: vm.name, displayName: vm.name, instanceName: `test-${vm.vmId.slice(-12)}` },
    ...{ accountId, domainId, userId, zoneId: newId(), hostId: vm.hostId, templateId: newId() },
    ...{ serviceOfferingId: newId(), cpuCount: 1, cpuMhz: 1_000, memoryMib: 128, desiredPower: power },
    ...{ state: vm.hostId === null ? 'Stopped' : 'Running', observedPower: vm.hostId === null ? 'off' : 'running' },
    createdAt: new Date(),
  });
}

async function makeTenant(
  database: TestDatabase,
  box: SecretBox,
  order: { readonly name: string; readonly url: string },
): Promise<Tenant> {
  const tx = autocommit(database.source);
  const [root] = await tx.query<{ id: string }>('SELECT id FROM domain WHERE parent_id IS NULL');
  const domainId = root?.id ?? '';
  const accountId = newId();
  const userId = newId();
  await tx.execute(
    "INSERT INTO account (id, domain_id, name, role, role_id, state, created_at) VALUES (?, ?, ?, 'user', '01e00000-0000-4000-8000-000000000004', 'enabled', NOW(3))",
    [accountId, domainId, order.name],
  );
  await tx.execute(
    `INSERT INTO user (id, account_id, username, first_name, last_name, email, password_hash, state, created_at)
     VALUES (?, ?, ?, '', '', '', '', 'enabled', NOW(3))`,
    [userId, accountId, order.name],
  );
  const keys = newUserKeys();
  await storeUserKeys(tx, box, userId, keys);
  const headers = { Authorization: `Bearer ${keys.apiKey}:${keys.secretKey}` };
  return { accountId, domainId, userId, headers, client: new ApiClient({ url: `${order.url}/client/api`, ...keys }) };
}

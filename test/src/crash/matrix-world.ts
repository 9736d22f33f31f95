/**
 * The world of the crash matrix: the real handlers, activities and store on a real database, and a real agent
 * process with simulated hosts over its HTTPS contract. Only Temporal is left out: steps run as plain code, so
 * that every one of them can be made to fail at will.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defaultRoleOf } from '@durastack/contracts/identity/roles';
import { createAgentGateway, type AgentGateway } from '@durastack/activities/agent-gateway';
import { introducingPools } from '@durastack/activities/storage/pool-introduction';
import type { ActivityDependencies } from '@durastack/activities/dependencies';
import type { Call } from '@durastack/api/face/call';
import { Platform } from '@durastack/api/platform';
import { createPowerControllers } from '@durastack/drivers/power-controllers';
import { createAgentClient } from '@durastack/kit/agent-client/agent-client';
import { createLogger } from '@durastack/kit/log/logger';
import { openSecretBox } from '@durastack/kit/secrets/secret-box';
import { issueControlPlaneCertificate } from '@durastack/kit/tls/certificate-authority';
import { autocommit, type Tx } from '@durastack/store/database/transaction';
import { loadCertificateAuthority } from '@durastack/store/infra/certificate-authority';
import { seed } from '@durastack/store/seed';
import { createTestDatabase, type TestDatabase } from '@durastack/store/testing/test-database';
import { loadActivities } from '@durastack/worker/worker';
import { Child } from '../support/child.js';
import { freePort } from '../support/free-port.js';
import { watchedGateway, watchedSource } from './attempts.js';

const ROOT_ADMIN = defaultRoleOf('Admin');

/** Held attempts hold none. */
const DATABASE_CONNECTIONS = 24;
const CHECKOUT = resolve(fileURLToPath(new URL('../../..', import.meta.url)));

/** Everything that a scenario works with. */
export interface MatrixWorld {
  readonly database: TestDatabase;
  readonly db: Tx;
  readonly platform: Platform;
  /** A call by the administrator. */
  readonly call: Call;
  readonly agents: AgentGateway;
  readonly activities: Record<string, (argument: unknown) => Promise<unknown>>;
  /** Parameters of addHost for one more simulated host. */
  hostParams(): { url: string; password: string; fingerprint: string };
  /** Asks the simulator for a fault; see apps/host-agent/src/simulator/admin-server.ts. */
  simulate(path: string, body: object): Promise<void>;
  readonly directory: string;
  /** Where the simulator writes what is on its hosts. */
  readonly simulatorDirectory: string;
  stop(): Promise<void>;
}

/** Starts one. */
export async function startMatrixWorld(): Promise<MatrixWorld> {
  const directory = mkdtempSync(join(tmpdir(), 'durastack-matrix-'));
  const database = await createTestDatabase({ poolSize: DATABASE_CONNECTIONS });
  await seed(database.source);
  const dataKeyFile = join(directory, 'data.key');
  writeFileSync(dataKeyFile, randomBytes(32).toString('base64'), { mode: 0o600 });
  const box = openSecretBox(dataKeyFile);
  const authority = await loadCertificateAuthority(database.source, box);
  const client = createAgentClient({
    caPem: authority.certificatePem,
    ...(await issueControlPlaneCertificate(authority)),
  });
  const log = createLogger('matrix', 'silent');
  const agents = createAgentGateway(database.source, client, (error) =>
    log.warn({ error }, 'that a step waits could not be written'),
  );
  const settings = { intakeUrl: 'https://127.0.0.1:9', imagePrivateCidrs: [], heartbeatIntervalMs: 60_000 };
  const dependencies: ActivityDependencies = {
    source: watchedSource(database.source),
    box,
    agents: introducingPools(watchedGateway(agents), { source: database.source, box }),
    controllers: createPowerControllers(),
    settings,
  };

  const [port, adminPort] = [await freePort(), await freePort()];
  const agentDir = join(directory, 'agent');
  mkdirSync(agentDir);
  const tokenFile = join(directory, 'token');
  writeFileSync(tokenFile, randomBytes(16).toString('hex'), { mode: 0o600 });
  const agent = new Child({
    command: process.execPath,
    args: [join(CHECKOUT, 'apps/host-agent/dist/main.js')],
    env: {
      DURASTACK_AGENT_DIR: agentDir,
      DURASTACK_AGENT_LISTEN: `0.0.0.0:${port}`,
      DURASTACK_AGENT_DRIVER: 'simulator',
      DURASTACK_SIMULATOR_ADMIN_LISTEN: `127.0.0.1:${adminPort}`,
      // Guests obey at once, so that none powers off when its case is over.
      DURASTACK_SIMULATOR_SHUTDOWN_MS: '0',
      DURASTACK_AGENT_ENROL_TOKEN_FILE: tokenFile,
    },
    logFile: join(directory, 'agent.log'),
    ready: async () => readFileSync(join(agentDir, 'enrol-fingerprint'), 'utf8').length > 0,
  });
  await agent.start();

  const db = autocommit(database.source);
  const [admin] = await db.query<{ userId: string; accountId: string; domainId: string }>(
    "SELECT u.id AS userId, a.id AS accountId, a.domain_id AS domainId FROM user u JOIN account a ON a.id = u.account_id WHERE u.username = 'admin'",
  );
  const call: Call = {
    face: 'cloudstack',
    sourceAddress: '127.0.0.1',
    caller: {
      ...admin!,
      username: 'admin',
      accountName: 'admin',
      domainPath: '/',
      role: 'admin',
      accountRole: { id: ROOT_ADMIN.id, name: ROOT_ADMIN.name, type: 'Admin', isEnabled: true, version: 1 },
      projectRoles: [],
      sourceAddress: '127.0.0.1',
    },
    setCookie: () => {},
  };
  const apiSettings = {
    instance: 'matrix',
    logLevel: 'silent',
    databaseUrl: database.url,
    dataKeyFile,
    apiListen: { host: '127.0.0.1', port: 0 },
    heartbeatIntervalMs: 60_000,
  } as const;
  let hosts = 0;
  return {
    database,
    db,
    platform: new Platform(database.source, box, apiSettings, log),
    call,
    agents,
    activities: await loadActivities(dependencies, log),
    async simulate(path, body) {
      const answer = await fetch(`http://127.0.0.1:${adminPort}${path}`, {
        method: 'POST',
        body: JSON.stringify(body),
      });
      if (!answer.ok) throw new TypeError(`The simulator refused ${path}: ${await answer.text()}`);
    },
    directory,
    simulatorDirectory: join(agentDir, 'world'),
    hostParams() {
      hosts += 1;
      return {
        url: `agent://127.0.${1 + Math.floor(hosts / 250)}.${1 + (hosts % 250)}:${port}`,
        password: readFileSync(tokenFile, 'utf8').trim(),
        fingerprint: readFileSync(join(agentDir, 'enrol-fingerprint'), 'utf8').trim(),
      };
    },
    async stop() {
      await agent.kill();
      await client.close();
      await database.drop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

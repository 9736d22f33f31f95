/**
 * A whole cloud of real processes for one spec: API, worker, Temporal, a database of its own, and an agent
 * process whose hosts are simulated, all on loopback in a temporary directory.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ApiClient } from '@durastack/cli/api/api-client';
import { ensureTemporalBinary } from '@durastack/cli/parts/temporal-binary';
import { TEMPORAL_NICENESS } from '@durastack/cli/parts/temporal-server';
import { ensureAdminKeys, seed } from '@durastack/store/seed';
import { createTestDatabase, type TestDatabase } from '@durastack/store/testing/test-database';
import { answers, Child } from './child.js';
import { freePort } from './free-port.js';
import { makeScratch } from './interruption.js';
import { startPrivateMariadb } from './private-mariadb.js';

const CHECKOUT = resolve(fileURLToPath(new URL('../../..', import.meta.url)));
const BINARIES = join(CHECKOUT, '.durastack/cache');

/** A simulator of thousands of hosts may be busy. */
const SIMULATE_MS = 60_000;

/** The parts that a spec may kill and start again. */
export interface Cloud {
  readonly directory: string;
  readonly database: TestDatabase;
  /** Only with `privateDatabase`; the others share one server with all specs. */
  readonly mariadb?: Child;
  readonly api: Child;
  readonly worker: Child;
  /** The second worker, with `workers: 2`. */
  readonly otherWorkers: readonly Child[];
  readonly agent: Child;
  readonly temporal: Child;
  readonly temporalAddress: string;
  /** Path of the Temporal program. */
  readonly temporalBinary: string;
  readonly apiUrl: string;
  /** Where agents report to. */
  readonly intakeUrl: string;
  readonly keys: { readonly apiKey: string; readonly secretKey: string };
  /** The administrator. */
  readonly admin: ApiClient;
  /** Asks the simulator for faults and events; see apps/host-agent/src/simulator/admin-server.ts. */
  simulate(method: 'GET' | 'POST' | 'DELETE', path: string, body?: object): Promise<Record<string, unknown>>;
  /** With what the agent's simulated hosts are enrolled: see docs/simulator.md. */
  readonly enrolment: { readonly agentPort: number; readonly token: string; readonly fingerprint: string };
  /** Enrols another simulated host. */
  addHost(place: Place): Promise<string>;
  /** Ends everything and removes the directory. */
  stop(): Promise<void>;
}

/** Where hosts are added. */
export interface Place {
  readonly zoneId: string;
  readonly podId: string;
  readonly clusterId: string;
}

/** What a cloud is made with. */
export interface CloudOptions {
  /** Further settings of API and worker. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Further settings of the simulating agent. */
  readonly agentSettings?: Readonly<Record<string, string>>;
  /** A MariaDB of its own, which can be killed. */
  readonly privateDatabase?: boolean;
  /** Default 1. */
  readonly workers?: number;
}

/** Starts one. */
export async function startCloud(options: CloudOptions = {}): Promise<Cloud> {
  const { directory, remove } = makeScratch('durastack-cloud-');
  const mariadb = options.privateDatabase ? await startPrivateMariadb(join(directory, 'mariadb')) : undefined;
  const database = mariadb?.database ?? (await createTestDatabase());
  const [apiPort, intakePort, workerPort, agentPort, adminPort, temporalPort, uiPort] = await Promise.all(
    Array.from({ length: 7 }, freePort),
  );
  const dataKeyFile = join(directory, 'data.key');
  writeFileSync(dataKeyFile, randomBytes(32).toString('base64'), { mode: 0o600 });
  await seed(database.source);
  const keys = await ensureAdminKeys(database.url, dataKeyFile);
  mkdirSync(BINARIES, { recursive: true });
  const binary = await ensureTemporalBinary(BINARIES);
  const temporalAddress = `127.0.0.1:${temporalPort}`;
  const temporal = new Child({
    command: binary.path,
    args: [
      ...[
        'server',
        'start-dev',
        '--ip',
        '127.0.0.1',
        '--port',
        String(temporalPort),
        '--ui-ip',
        '127.0.0.1',
        '--ui-port',
        String(uiPort),
      ],
      ...[
        '--db-filename',
        join(directory, 'temporal.db'),
        '--sqlite-pragma',
        'journal_mode=WAL',
        '--sqlite-pragma',
        'synchronous=1',
      ],
      ...['--log-level', 'error'],
    ],
    env: { HOME: directory },
    logFile: join(directory, 'temporal.log'),
    niceness: TEMPORAL_NICENESS,
    ready: () => answers(`http://127.0.0.1:${uiPort}/api/v1/namespaces/default`),
  });
  const control = {
    DURASTACK_INSTANCE: 'test',
    DURASTACK_DATABASE_URL: database.url,
    DURASTACK_DATA_KEY_FILE: dataKeyFile,
    DURASTACK_TEMPORAL_ADDRESS: temporalAddress,
    DURASTACK_HEARTBEAT_INTERVAL_MS: '1000',
    ...options.settings,
  };
  const app = (name: string, env: Record<string, string>, ready: () => Promise<boolean>, log = name) =>
    new Child({
      command: process.execPath,
      args: [join(CHECKOUT, 'apps', name, 'dist/main.js')],
      env,
      logFile: join(directory, `${log}.log`),
      ready,
    });
  const api = app(
    'api',
    { ...control, DURASTACK_API_LISTEN: `127.0.0.1:${apiPort}`, DURASTACK_INTAKE_LISTEN: `127.0.0.1:${intakePort}` },
    () => answers(`http://127.0.0.1:${apiPort}/health`),
  );
  const makeWorker = (port: number, log: string) =>
    app(
      'worker',
      {
        ...control,
        DURASTACK_WORKER_LISTEN: `127.0.0.1:${port}`,
        DURASTACK_INTAKE_URL: `https://127.0.0.1:${intakePort}`,
        DURASTACK_IMAGE_PRIVATE_CIDRS: '127.0.0.0/8',
      },
      () => answers(`http://127.0.0.1:${port}/health`),
      log,
    );
  const worker = makeWorker(workerPort!, 'worker');
  const otherWorkers: Child[] = [];
  for (let count = 2; count <= (options.workers ?? 1); count += 1)
    otherWorkers.push(makeWorker(await freePort(), `worker-${count}`));
  const agentDir = join(directory, 'agent');
  mkdirSync(agentDir);
  const tokenFile = join(directory, 'enrol-token');
  writeFileSync(tokenFile, randomBytes(16).toString('hex'), { mode: 0o600 });
  const agent = app(
    'host-agent',
    {
      DURASTACK_INSTANCE: 'test',
      DURASTACK_AGENT_DIR: agentDir,
      DURASTACK_AGENT_LISTEN: `0.0.0.0:${agentPort}`,
      DURASTACK_AGENT_DRIVER: 'simulator',
      DURASTACK_SIMULATOR_ADMIN_LISTEN: `127.0.0.1:${adminPort}`,
      DURASTACK_AGENT_ENROL_TOKEN_FILE: tokenFile,
      ...options.agentSettings,
    },
    async () => readFileSync(join(agentDir, 'enrol-fingerprint'), 'utf8').length > 0,
  );
  const parts = [temporal, api, worker, ...otherWorkers, agent];
  const stop = async () => {
    await Promise.all(parts.slice(1).map((part) => part.kill('SIGKILL')));
    await temporal.kill('SIGKILL');
    await database.drop();
    remove();
  };
  try {
    await temporal.start();
    await Promise.all(parts.slice(1).map((part) => part.start()));
  } catch (error) {
    await stop();
    throw error;
  }
  const admin = new ApiClient({ url: `http://127.0.0.1:${apiPort}/client/api`, ...keys });
  const enrolment = {
    agentPort: agentPort!,
    token: readFileSync(tokenFile, 'utf8').trim(),
    fingerprint: readFileSync(join(agentDir, 'enrol-fingerprint'), 'utf8').trim(),
  };
  let hosts = 0;
  return {
    directory,
    database,
    ...(mariadb ? { mariadb: mariadb.server } : {}),
    api,
    worker,
    otherWorkers,
    agent,
    temporal,
    temporalAddress,
    temporalBinary: binary.path,
    apiUrl: `http://127.0.0.1:${apiPort}`,
    intakeUrl: `https://127.0.0.1:${intakePort}`,
    keys,
    admin,
    enrolment,
    stop,
    async simulate(method, path, body) {
      const init = {
        ...{ method, signal: AbortSignal.timeout(SIMULATE_MS) },
        ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
      };
      const response = await fetch(`http://127.0.0.1:${adminPort}${path}`, init);
      const text = await response.text();
      return (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>;
    },
    async addHost(place) {
      // Every simulated host has a name of its own for the one address of its process.
      const address = `127.0.${Math.floor(hosts / 250)}.${(hosts % 250) + 1}`;
      hosts += 1;
      const reply = await admin.call('addHost', {
        zoneid: place.zoneId,
        podid: place.podId,
        clusterid: place.clusterId,
        hypervisor: 'Simulator',
        url: `agent://${address}:${enrolment.agentPort}`,
        password: enrolment.token,
        fingerprint: enrolment.fingerprint,
      });
      return (reply['host'] as { id: string }[])[0]!.id;
    },
  };
}

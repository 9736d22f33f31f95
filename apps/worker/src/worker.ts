import { readdirSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { hostname } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { ActivityDependencies } from '@durastack/activities/dependencies';
import { createAgentGateway, type AgentGateway } from '@durastack/activities/agent-gateway';
import { introducingPools } from '@durastack/activities/storage/pool-introduction';
import { startCertificateRenewal } from '@durastack/activities/loops/certificate-renewal';
import { startDispatcher } from '@durastack/activities/loops/dispatcher';
import { startDrsSchedules } from '@durastack/activities/loops/drs-schedules';
import { startDoctorLoop } from '@durastack/activities/loops/doctor';
import { startHaLoop } from '@durastack/activities/loops/ha';
import { startLockTrials } from '@durastack/activities/loops/lock-trials';
import { createHostWatch } from '@durastack/activities/loops/host-watch';
import { createRecoveryWatch } from '@durastack/activities/loops/recovery';
import { showingProgress } from '@durastack/activities/step-progress';
import { DurastackError, invariant } from '@durastack/contracts/errors';
import { createPowerControllers } from '@durastack/drivers/power-controllers';
import { createAgentClient } from '@durastack/kit/agent-client/agent-client';
import type { Logger } from '@durastack/kit/log/logger';
import { openSecretBox } from '@durastack/kit/secrets/secret-box';
import { withActivityEdge } from '@durastack/kit/temporal/activity-edge';
import { heartbeatInterceptor } from '@durastack/kit/temporal/heartbeat-interceptor';
import { SEARCH_ATTRIBUTES, TASK_QUEUE } from '@durastack/kit/temporal/task-queue';
import { issueControlPlaneCertificate, type KeyAndCertificate } from '@durastack/kit/tls/certificate-authority';
import { connectDatabase } from '@durastack/store/database/data-source';
import { loadCertificateAuthority } from '@durastack/store/infra/certificate-authority';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { collectDefaultMetrics, Registry } from 'prom-client';
import type { WorkerConfig } from './config.js';
import { workerOptions } from './worker-options.js';
import { registerDoctorMetrics } from './doctor-metrics.js';
import { registerFailoverMetrics } from './failover-metrics.js';
import { temporalTls } from './temporal-tls.js';

const BUNDLE = new URL('../build/workflow-bundle.js', import.meta.url);

/** A running worker. */
export interface RunningWorker {
  /** Resolves when it has stopped. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

type Activity = (argument: unknown) => Promise<unknown>;

/** Every activity by name, from each `*.activities` file; adding a file touches no list. BUG on a name given twice. */
export async function loadActivities(
  dependencies: ActivityDependencies,
  log: Logger,
): Promise<Record<string, Activity>> {
  const root = new URL('./', import.meta.resolve('@durastack/activities/dependencies'));
  const files = readdirSync(fileURLToPath(root), { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.activities.js'),
  );
  const activities: Record<string, Activity> = {};
  for (const file of files.sort()) {
    const module = (await import(new URL(file, root).href)) as {
      createActivities(dependencies: ActivityDependencies): Record<string, Activity>;
    };
    for (const [name, run] of Object.entries(module.createActivities(dependencies))) {
      invariant(!(name in activities), `The activity ${name} is defined twice, the second time in ${file}.`);
      const shown = showingProgress(dependencies.source, run, (error) =>
        log.warn({ error, activity: name }, 'how a step goes on could not be written'),
      );
      activities[name] = withActivityEdge(shown, (error) => log.warn({ error, activity: name }, 'activity failed'));
    }
  }
  return activities;
}

async function registerSearchAttributes(connection: Connection, namespace: string): Promise<void> {
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  const missing = SEARCH_ATTRIBUTES.filter((name) => !(name in (customAttributes ?? {})));
  if (missing.length === 0) return;
  const KEYWORD = 2;
  await connection.operatorService.addSearchAttributes({
    namespace,
    searchAttributes: Object.fromEntries(missing.map((name) => [name, KEYWORD])),
  });
}

/** What Temporal's core says, in our log: only what is wrong. */
function passOnWarnings(log: Logger): void {
  Runtime.install({
    // Unless it is forwarded, the core prints lines of its own kind between ours.
    telemetryOptions: { logging: { forward: { level: 'WARN' } } },
    logger: {
      log: () => {},
      trace: () => {},
      debug: () => {},
      info: () => {},
      warn: (message, meta) => log.warn({ meta }, message),
      error: (message, meta) => log.error({ meta }, message),
    },
  });
}

/** The two connections of a worker: Temporal's core polls by one, we ask by the other. */
async function connectTemporal(config: WorkerConfig) {
  const target = { address: config.temporalAddress, ...temporalTls(config) };
  const native = await NativeConnection.connect(target);
  const connection = await Connection.connect(target);
  await registerSearchAttributes(connection, config.temporalNamespace);
  return {
    native,
    client: new Client({ connection, namespace: config.temporalNamespace }),
    async close(): Promise<void> {
      await connection.close();
      await native.close();
    },
  };
}

/** The worker of workflows and activities. */
function createWorker(
  connection: NativeConnection,
  config: WorkerConfig,
  activities: Record<string, Activity>,
): Promise<Worker> {
  return Worker.create({
    ...workerOptions(config.operationsAtOnce),
    connection,
    namespace: config.temporalNamespace,
    activities,
    interceptors: { activity: [heartbeatInterceptor] },
    shutdownGraceTime: 5_000,
    taskQueue: TASK_QUEUE,
    workflowBundle: { codePath: fileURLToPath(BUNDLE) },
  });
}

interface LoopParts {
  readonly source: ActivityDependencies['source'];
  readonly box: ActivityDependencies['box'];
  readonly controllers: ActivityDependencies['controllers'];
  readonly client: Client;
  readonly agents: AgentGateway;
  readonly authority: KeyAndCertificate;
  readonly log: Logger;
}

/** The loops of every worker; of each, one worker at a time acts. */
function startLoops(config: WorkerConfig, parts: LoopParts, { port, hintUrl }: { port: number; hintUrl: string }) {
  const { heartbeatIntervalMs, intakeUrl } = config;
  const holder = `${hostname()}:${process.pid}:${port}`;
  const hostWatch = createHostWatch({ ...parts, intervalMs: heartbeatIntervalMs });
  const renewal = startCertificateRenewal({
    ...parts,
    client: parts.agents.client,
    holder,
    intakeUrl,
    heartbeatIntervalMs,
  });
  const recovery = createRecoveryWatch({ ...parts, intervalMs: heartbeatIntervalMs });
  const limits = {
    total: config.operationsAtOnce,
    active: config.operationsActive,
    reservedForUrgent: config.operationsReserved,
    perHost: config.operationsPerHost,
    perSilentHost: config.operationsPerSilentHost,
  };
  const dispatcher = startDispatcher({ ...parts, hostWatch, recovery, limits, holder, hintUrl });
  const doctor = startDoctorLoop({
    ...parts,
    temporal: parts.client,
    holder,
    hintUrl: `${hintUrl}/doctor`,
    intervalMs: config.doctorIntervalMs,
  });
  const ha = startHaLoop({ ...parts, holder, intervalMs: heartbeatIntervalMs });
  const drs = startDrsSchedules({ ...parts, holder });
  const locks = startLockTrials({ ...parts, holder });
  return {
    hint: () => dispatcher.hint(),
    hintDoctor: () => doctor.hint(),
    stop: async () =>
      void (await Promise.all([dispatcher.stop(), renewal.stop(), doctor.stop(), drs.stop(), ha.stop(), locks.stop()])),
  };
}

function createMetrics(source: ActivityDependencies['source'], log: Logger): Registry {
  const register = new Registry();
  collectDefaultMetrics({ register, prefix: 'durastack_worker_' });
  registerDoctorMetrics(register, source, log);
  registerFailoverMetrics(register, source, log);
  return register;
}

/** Connects everything, starts polling and the loops. */
export async function runWorker(config: WorkerConfig, log: Logger): Promise<RunningWorker> {
  passOnWarnings(log);
  const source = await connectDatabase({ url: config.databaseUrl, poolSize: 32 });
  const box = openSecretBox(config.dataKeyFile);
  const authority = await loadCertificateAuthority(source, box);
  const identity = await issueControlPlaneCertificate(authority);
  const agents = createAgentGateway(
    source,
    createAgentClient({ caPem: authority.certificatePem, ...identity }),
    (error) => log.warn({ error }, 'that a step waits for a host could not be written'),
  );
  const controllers = createPowerControllers();
  const settings = activitySettings(config);
  const activities = await loadActivities(
    { source, box, agents: introducingPools(agents, { source, box }), controllers, settings },
    log,
  );

  const temporal = await connectTemporal(config);
  const worker = await createWorker(temporal.native, config, activities);

  const hints = new Map<string, () => void>();
  const metrics = createMetrics(source, log);
  const server = await listen(config, { hints, metrics });
  const { port } = server.address() as { port: number };
  const hintUrl = `http://${config.workerListen.host}:${port}/hint`;
  const loops = startLoops(
    config,
    { source, box, controllers, client: temporal.client, agents, authority, log },
    { port, hintUrl },
  );
  hints.set('/hint', loops.hint).set('/hint/doctor', loops.hintDoctor);
  log.info({ hintUrl }, 'ready');

  const polling = worker.run();
  const ended = polling.then(async () => {
    await loops.stop();
    server.close();
    await agents.client.close();
    await temporal.close();
    await source.destroy();
  });
  return {
    ended,
    async stop() {
      if (worker.getState() === 'RUNNING') worker.shutdown();
      agents.stopWaiting();
      await ended;
    },
  };
}

/** What activities are told of the worker's settings. */
function activitySettings(config: WorkerConfig) {
  const { intakeUrl, imagePrivateCidrs, heartbeatIntervalMs, volumeCopyMibPerSecond } = config;
  return {
    ...{ intakeUrl, imagePrivateCidrs, heartbeatIntervalMs },
    ...(volumeCopyMibPerSecond === undefined ? {} : { volumeCopyMibPerSecond }),
  };
}

/** What is served beside polling: `hints` by their path, health and metrics. */
async function listen(
  config: WorkerConfig,
  { hints, metrics }: { hints: ReadonlyMap<string, () => void>; metrics: Registry },
): Promise<Server> {
  const server = createServer((request, response) => {
    const hint = request.method === 'POST' ? hints.get(request.url ?? '') : undefined;
    if (hint) {
      hint();
      response.writeHead(204).end();
    } else if (request.url === '/health') {
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"status":"ok"}');
    } else if (request.url === '/metrics') {
      void metrics.metrics().then((text) => response.writeHead(200, { 'content-type': metrics.contentType }).end(text));
    } else {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new DurastackError(
          'MISCONFIGURED',
          `Cannot listen on DURASTACK_WORKER_LISTEN ${config.workerListen.host}:${config.workerListen.port}.`,
          { cause },
        ),
      ),
    );
    server.listen(config.workerListen.port, config.workerListen.host, resolve);
  });
  return server;
}

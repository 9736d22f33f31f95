/** Puts an agent together from its settings. */
import type { Server } from 'node:http';
import { createServer as createSocketServer, type Server as SocketServer } from 'node:net';
import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { DurastackError } from '@durastack/contracts/errors';
import type { HostDriver } from '@durastack/drivers/driver';
import { EffectLog } from '@durastack/drivers/simulator/effect-log';
import { FaultPlan } from '@durastack/drivers/simulator/faults';
import { SimulatedWorld } from '@durastack/drivers/simulator/world';
import type { Logger } from '@durastack/kit/log/logger';
import type { AgentConfig } from './config.js';
import { ensurePrivateDirectory } from './files/durable-file.js';
import { BeatScheduler } from './host/beat-scheduler.js';
import { readBootId } from './host/boot-id.js';
import { readTokenFile } from './host/enrolment-token.js';
import { SingleHost } from './host/single-host.js';
import { Watchdog } from './host/watchdog.js';
import { IdentityStore, loadEnrolmentCertificate } from './identity/identity-store.js';
import { MAX_CONNECTIONS_OF_HOST, startAgentServer } from './server/agent-server.js';
import type { HostDirectory } from './server/host-directory.js';
import { startAdminServer } from './simulator/admin-server.js';
import { SimulatedHosts } from './simulator/simulated-hosts.js';

/** A running agent. */
export interface Agent {
  readonly port: number;
  /** Of the simulator's administration, when it listens. */
  readonly adminPort?: number;
  /** Stops everything but the machines. */
  stop(): Promise<void>;
}

/** Makes the driver of a real host. */
export type DriverFactory = (config: AgentConfig, log: Logger) => Promise<HostDriver>;

interface Served {
  readonly hosts: HostDirectory;
  readonly adminPort?: number;
  stop(): Promise<void>;
}

/**
 * Starts an agent.
 *
 * @throws DurastackError MISCONFIGURED or ENVIRONMENT with what to do
 */
export async function startAgent(config: AgentConfig, log: Logger, makeDriver: DriverFactory): Promise<Agent> {
  ensurePrivateDirectory(config.agentDir);
  const lock = await lockDirectory(config.agentDir);
  const scheduler = new BeatScheduler();
  try {
    const simulated = config.agentDriver === 'simulator';
    const served = simulated
      ? await serveSimulated(config, log, scheduler)
      : await serveReal(config, log, { scheduler, makeDriver });
    // One that simulates stands for thousands of hosts.
    const limit = simulated ? {} : { maxConnections: MAX_CONNECTIONS_OF_HOST };
    const server = await startAgentServer({ ...config.agentListen, ...limit }, served.hosts, log);
    const ports = { port: server.port, ...(served.adminPort === undefined ? {} : { adminPort: served.adminPort }) };
    log.info({ ...ports, driver: config.agentDriver }, 'ready');
    const stop = async (): Promise<void> => {
      scheduler.stop();
      await Promise.all([server.close(), served.stop()]);
      lock.close();
    };
    return { ...ports, stop };
  } catch (error) {
    scheduler.stop();
    lock.close();
    throw error;
  }
}

async function serveReal(
  config: AgentConfig,
  log: Logger,
  parts: { scheduler: BeatScheduler; makeDriver: DriverFactory },
): Promise<Served> {
  const store = new IdentityStore(config.agentDir);
  const enrolled = store.load() !== undefined;
  const tokenFile = config.agentEnrolTokenFile;
  if (!enrolled && tokenFile === undefined) {
    const message = `${config.agentDir} holds no identity: set DURASTACK_AGENT_ENROL_TOKEN_FILE, or enrol by addHost.`;
    throw new DurastackError('MISCONFIGURED', message);
  }
  const open = !enrolled && tokenFile !== undefined;
  const watchdog = watchdogOf(config, log);
  const host = new SingleHost({
    store,
    driver: await parts.makeDriver(config, log),
    driverName: config.agentDriver,
    scheduler: parts.scheduler,
    watchdog,
    log,
    enrolmentToken: open ? readTokenFile(tokenFile) : undefined,
    enrolmentCertificate: open ? await loadEnrolmentCertificate(config.agentDir) : undefined,
  });
  await host.start();
  watchdog?.start();
  return { hosts: host, stop: () => host.stop().finally(() => watchdog?.stop()) };
}

function watchdogOf(config: AgentConfig, log: Logger): Watchdog | undefined {
  const { agentWatchdogDevice: device, agentWatchdogPeriodMs: periodMs, agentWatchdogLeaseMs: leaseMs } = config;
  if (device === undefined) return undefined;
  return new Watchdog({ device, periodMs, leaseMs, directory: config.agentDir, bootId: readBootId(), log });
}

async function serveSimulated(config: AgentConfig, log: Logger, scheduler: BeatScheduler): Promise<Served> {
  const tokenFile = config.agentEnrolTokenFile;
  const open = tokenFile !== undefined;
  const { simulatorEffectsFile } = config;
  const effects = simulatorEffectsFile === undefined ? undefined : new EffectLog(simulatorEffectsFile);
  const world = new SimulatedWorld(join(config.agentDir, 'world'), effects);
  const plan = new FaultPlan();
  const hosts = await SimulatedHosts.start({
    directory: config.agentDir,
    world,
    plan,
    latency: {
      verbMs: config.simulatorLatencyMs,
      transferMs: config.simulatorTransferMs,
      shutdownMs: config.simulatorShutdownMs,
    },
    scheduler,
    log,
    enrolmentToken: open ? readTokenFile(tokenFile) : undefined,
    enrolmentCertificate: open ? await loadEnrolmentCertificate(config.agentDir) : undefined,
  });
  let admin: Server | undefined;
  if (config.simulatorAdminListen !== undefined) {
    admin = await startAdminServer(config.simulatorAdminListen, { hosts, world, plan });
  }
  const stop = async (): Promise<void> => {
    admin?.closeAllConnections();
    admin?.close();
    plan.clear();
    await hosts.stop();
  };
  const address = admin?.address();
  return { hosts, stop, ...(typeof address === 'object' && address !== null ? { adminPort: address.port } : {}) };
}

/** Two agents on one directory would have two ledgers. The kernel takes the lock back however the process ends. */
async function lockDirectory(directory: string): Promise<SocketServer> {
  const server = createSocketServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      const message = `Another agent works on ${directory}; stop that one first.`;
      reject(new DurastackError('ENVIRONMENT', message, { cause: error }));
    });
    server.listen(`\0durastack-agent:${realpathSync(directory)}`, resolve);
  });
  return server;
}

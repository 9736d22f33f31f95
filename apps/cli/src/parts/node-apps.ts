/** The instance's own programs: host agent, worker, API. Their settings, and how one knows that they answer. */
import { existsSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:net';
import { CHECKOUT, type Home } from '../instance/home.js';
import type { InstanceFile, PartName } from '../instance/instance-file.js';
import { startProcess, waitUntilReady, type StartedProcess } from '../instance/processes.js';
import { logFileOf } from '../instance/log-file.js';
import { mariadbUrl } from './mariadb.js';
import { TEMPORAL_NAMESPACE } from './temporal-server.js';

const READY_TIMEOUT_MS = 60_000;
const LOOPBACK = '127.0.0.1';
/** Inherited by our programs; everything named DURASTACK_ is given to each by what it knows. */
const INHERITED = [
  'PATH',
  'HOME',
  'LANG',
  'TZ',
  'NODE_EXTRA_CA_CERTS',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'http_proxy',
  'https_proxy',
  'no_proxy',
];

/** Our programs by part name. */
export type NodeApp = Extract<PartName, 'agent' | 'worker' | 'api'>;

const FOLDERS: Readonly<Record<NodeApp, string>> = { agent: 'host-agent', worker: 'worker', api: 'api' };

/** URLs of a running instance. */
export interface InstanceUrls {
  readonly api: string;
  readonly apiDocs: string;
  readonly temporalUi: string;
}

/** An address as it is written in a URL: IPv6 in brackets. */
export function urlHost(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}

/** The address under which others reach what listens on `listen`: for all addresses, the first that is not loopback. */
export function reachableAddress(listen: string): string {
  if (listen !== '0.0.0.0' && listen !== '::') return listen;
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return addresses.find((entry) => entry.family === 'IPv4' && !entry.internal)?.address ?? LOOPBACK;
}

/** Where users find things. */
export function instanceUrls(file: InstanceFile): InstanceUrls {
  const base = `http://${urlHost(reachableAddress(file.state.listen))}:${file.port('api')}`;
  return {
    api: `${base}/client/api`,
    apiDocs: `${base}/api/docs`,
    temporalUi: `http://${LOOPBACK}:${file.port('temporalUi')}`,
  };
}

/** Where the libvirt socket of the instance is. */
export interface AgentPlaces {
  readonly libvirtSocket: string;
  readonly enrolTokenFile: string;
}

/** The settings of one of our programs, as environment variables. */
export function settingsOf(app: NodeApp, file: InstanceFile, agent: AgentPlaces): Record<string, string> {
  const { home } = file;
  const common = { DURASTACK_INSTANCE: file.state.name };
  if (app === 'agent') {
    return {
      ...common,
      DURASTACK_AGENT_DIR: home.agent,
      DURASTACK_AGENT_LISTEN: `${LOOPBACK}:${file.port('agent')}`,
      ...(file.state.kind === 'simulator'
        ? { DURASTACK_AGENT_DRIVER: 'simulator' }
        : { DURASTACK_AGENT_DRIVER: 'libvirt', DURASTACK_LIBVIRT_SOCKET: agent.libvirtSocket }),
      DURASTACK_AGENT_ENROL_TOKEN_FILE: agent.enrolTokenFile,
    };
  }
  const listen = urlHost(file.state.listen);
  const control = {
    ...common,
    DURASTACK_DATABASE_URL: mariadbUrl(home.mariadb),
    DURASTACK_DATA_KEY_FILE: home.dataKeyFile,
    DURASTACK_TEMPORAL_ADDRESS: `${LOOPBACK}:${file.port('temporal')}`,
    DURASTACK_TEMPORAL_NAMESPACE: TEMPORAL_NAMESPACE,
  };
  if (app === 'worker') {
    return {
      ...control,
      DURASTACK_WORKER_LISTEN: `${LOOPBACK}:${file.port('worker')}`,
      DURASTACK_INTAKE_URL: `https://${urlHost(reachableAddress(file.state.listen))}:${file.port('intake')}`,
      // Hosts of a lab fetch the first image from the address that they report to.
      DURASTACK_IMAGE_PRIVATE_CIDRS: file.state.kind === 'lab' ? `${file.state.listen}/32` : '127.0.0.0/8',
    };
  }
  const urls = instanceUrls(file);
  return {
    ...control,
    DURASTACK_API_LISTEN: `${listen}:${file.port('api')}`,
    DURASTACK_INTAKE_LISTEN: `${listen}:${file.port('intake')}`,
    DURASTACK_API_PUBLIC_URL: new URL(urls.api).origin,
    DURASTACK_TEMPORAL_UI_URL: urls.temporalUi,
  };
}

/** The user's own settings of one of our programs: `<program>.yaml` in the data directory, where there is one. */
function settingsFileOf(app: NodeApp, { root }: Home): Record<string, string> {
  const file = join(root, `${app}.yaml`);
  return existsSync(file) ? { DURASTACK_CONFIG_FILE: file } : {};
}

/** What our programs take over of the caller's environment. */
export function inheritedEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(INHERITED.map((name) => [name, process.env[name]]));
}

/**
 * Starts one of our programs and waits until it answers.
 *
 * @param started is told of the process before it is ready, so that a failed start can be undone
 * @throws ENVIRONMENT with what its log says when it does not come up
 */
export async function startNodeApp(
  app: NodeApp,
  file: InstanceFile,
  agent: AgentPlaces,
  started: (process: StartedProcess) => void,
): Promise<void> {
  const child = await startProcess({
    name: app,
    command: process.execPath,
    args: [join(CHECKOUT, 'apps', FOLDERS[app], 'dist/main.js')],
    env: {
      ...inheritedEnvironment(),
      ...{ NODE_ENV: 'production', ...settingsFileOf(app, file.home), ...settingsOf(app, file, agent) },
    },
    cwd: file.home.root,
    logFile: logFileOf(file.home.logs, app),
  });
  started(child);
  await waitUntilReady(child, () => nodeAppAnswers(app, file), READY_TIMEOUT_MS);
}

/** Whether one of our programs answers on its port. */
export function nodeAppAnswers(app: NodeApp, file: InstanceFile): Promise<boolean> {
  if (app === 'agent') return portAnswers(LOOPBACK, file.port('agent'), 1_000);
  const { listen } = file.state;
  const isWildcard = listen === '0.0.0.0' || listen === '::';
  const address = app === 'api' && !isWildcard ? urlHost(listen) : LOOPBACK;
  return healthAnswers(`http://${address}:${file.port(app)}/health`);
}

async function healthAnswers(url: string): Promise<boolean> {
  const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
  await response.body?.cancel();
  return response.ok;
}

/** Whether something accepts connections there. */
export function portAnswers(address: string, port: number, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port, timeout: timeoutMs });
    const end = (answers: boolean): void => {
      socket.destroy();
      resolve(answers);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
    socket.once('timeout', () => end(false));
  });
}

/** The home's directories that programs are told, for callers that need only paths. */
export function agentPlaces(home: Home, libvirtSocket: string): AgentPlaces {
  return { libvirtSocket, enrolTokenFile: join(home.agent, 'enrol-token') };
}

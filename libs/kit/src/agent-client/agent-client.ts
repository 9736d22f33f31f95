/** The control plane's way to host agents: verbs over HTTPS with mutual TLS, a few connections per host. */
import type { Duplex } from 'node:stream';
import { createSecureContext, type SecureContext } from 'node:tls';
import {
  agentHealth,
  enrolCsrReply,
  type AgentEnrolment,
  type AgentHealth,
} from '@durastack/contracts/agent/enrolment';
import type { AgentToken } from '@durastack/contracts/agent/token';
import {
  taskStatus,
  VERBS,
  type LongVerbName,
  type TaskStatus,
  type VerbName,
  type VerbParams,
  type VerbResult,
} from '@durastack/contracts/agent/verbs';
import { controlEpochReply, hostCertificateName, type ControlEpochReply } from '@durastack/contracts/agent/wire';
import { DurastackError } from '@durastack/contracts/errors';
import { buildConnector, Pool } from 'undici';
import { z } from 'zod';
import { readCertificate } from '../tls/certificate-holder.js';
import { connectInTurn } from './connect-in-turn.js';
import { openConsoleStream } from './console-stream.js';
import { agentOrigin, requestJson } from './transport.js';

const DEFAULT_TIMEOUT_MS = 30_000;
/** A cancel answers once the task has stopped. */
const CANCEL_TIMEOUT_MS = 60_000;
/** A host that is called by all while it starts, or a control plane that calls all, takes its time. */
const CONNECT_TIMEOUT_MS = 10_000;
const CONNECTIONS_PER_HOST = 8;
/** Agents would keep them for longer; of thousands of hosts that were called once that is gigabytes. */
const IDLE_CONNECTION_MS = 30_000;
const IDLE_POOL_MS = 5 * 60_000;
const MAX_RESPONSE_BYTES = 32 * 1024 * 1024;

/** Who calls: the authority that hosts are checked against, and the control plane's own certificate. */
export interface AgentClientIdentity {
  readonly caPem: string;
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

/** Which agent is called. Its certificate must carry this id, whatever the address. */
export interface AgentAddress {
  readonly id: string;
  /** `agent://host:port` or `https://host:port`. */
  readonly url: string;
  /** The boot that a verb is meant for, where it is meant for one: one that arrives in a later boot is refused. */
  readonly bootId?: string | undefined;
}

/** How a call is made. */
export interface CallOptions {
  /** Default 30 s. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** A verb that answers with its result. */
export type ShortVerbName = Exclude<VerbName, LongVerbName>;

/**
 * Calls agents.
 *
 * Every method throws DurastackError: the agent's own code, or HOST_UNREACHABLE (retryable) when it did not answer:
 * the effect may then have happened, and the call is to be repeated under the same token.
 */
export interface AgentClient {
  /** A short verb. `token` is needed unless the verb only reads. */
  call<V extends ShortVerbName>(
    host: AgentAddress,
    verb: V,
    params: VerbParams<V>,
    options?: CallOptions & { readonly token?: AgentToken },
  ): Promise<VerbResult<V>>;
  /**
   * Starts a long verb, or tells how it stands; repeat it to poll. `result` is checked when the state is `done`.
   * `waitMs`: the agent may keep its answer back for so long, to tell the end at once.
   */
  startTask<V extends LongVerbName>(
    host: AgentAddress,
    verb: V,
    params: VerbParams<V>,
    options: CallOptions & {
      readonly token: AgentToken;
      readonly taskKey: string;
      readonly waitMs?: number | undefined;
    },
  ): Promise<TaskStatus>;
  /** Cancels a long verb and returns when it has stopped; a later start under an older token is refused. */
  cancelTask(
    host: AgentAddress,
    task: { readonly taskKey: string; readonly resource: string; readonly token: AgentToken },
    options?: CallOptions,
  ): Promise<TaskStatus>;
  /** Makes a control epoch the oldest that counts on the host; says which one counts there now. */
  adoptControlEpoch(host: AgentAddress, controlEpoch: number, options?: CallOptions): Promise<ControlEpochReply>;
  /** Asks whether the agent is there and whose it is. */
  health(host: AgentAddress, options?: CallOptions): Promise<AgentHealth>;
  /** The raw RFB stream of a machine's console. */
  openConsole(host: AgentAddress, vmId: string, options?: CallOptions): Promise<Duplex>;
  /** Asks for a request for a new certificate (renewal). */
  requestCsr(host: AgentAddress, options?: CallOptions): Promise<string>;
  /** Hands a renewed certificate over; new connections use it at once. */
  installCertificate(host: AgentAddress, enrolment: AgentEnrolment, options?: CallOptions): Promise<void>;
  /** Ends all connections. */
  close(): Promise<void>;
}

interface PooledHost {
  readonly pool: Pool;
  lastUsedMs: number;
}

/** Opens connections to a host when needed and closes them when it was idle. */
class HostPools {
  private readonly pools = new Map<string, PooledHost>();
  private readonly sweep: NodeJS.Timeout;
  private readonly secureContext: SecureContext;
  private readonly inTurn = connectInTurn();

  constructor(identity: AgentClientIdentity) {
    this.secureContext = createSecureContext({
      ca: identity.caPem,
      cert: identity.certificatePem,
      key: identity.privateKeyPem,
      minVersion: 'TLSv1.3',
    });
    this.sweep = setInterval(() => this.closeIdle(), IDLE_POOL_MS / 5);
    this.sweep.unref();
  }

  get(hostId: string, origin: string): Pool {
    const key = `${hostId} ${origin}`;
    let entry = this.pools.get(key);
    if (entry === undefined) {
      const pool = new Pool(origin, {
        connections: CONNECTIONS_PER_HOST,
        keepAliveMaxTimeout: IDLE_CONNECTION_MS,
        maxResponseSize: MAX_RESPONSE_BYTES,
        connect: this.inTurn(
          buildConnector({
            secureContext: this.secureContext,
            servername: hostCertificateName(hostId),
            maxCachedSessions: 0,
            timeout: CONNECT_TIMEOUT_MS,
          }),
        ),
      });
      entry = { pool, lastUsedMs: 0 };
      this.pools.set(key, entry);
    }
    entry.lastUsedMs = Date.now();
    return entry.pool;
  }

  async close(): Promise<void> {
    clearInterval(this.sweep);
    const pools = [...this.pools.values()];
    this.pools.clear();
    await Promise.all(pools.map(({ pool }) => pool.destroy()));
  }

  private closeIdle(): void {
    const before = Date.now() - IDLE_POOL_MS;
    for (const [key, { pool, lastUsedMs }] of this.pools) {
      if (lastUsedMs > before || pool.stats.running > 0 || pool.stats.pending > 0) continue;
      this.pools.delete(key);
      void pool.close();
    }
  }
}

/**
 * Makes an agent client.
 *
 * @throws DurastackError INVALID_INPUT when a certificate is not one
 */
export function createAgentClient(identity: AgentClientIdentity): AgentClient {
  readCertificate(identity.certificatePem);
  const pools = new HostPools(identity);

  const send = createSender(pools);

  return {
    call: async (host, verb, params, options = {}) => {
      const { token } = options;
      const body = { params, ...bootOf(host), ...(token === undefined ? {} : { token }) };
      const request = { method: 'POST' as const, path: `/v1/verbs/${verb}`, body, result: VERBS[verb].result };
      return (await send(host, request, options)) as VerbResult<typeof verb>;
    },
    startTask: async (host, verb, params, options) => {
      const { token, taskKey, waitMs } = options;
      const body = { params, token, taskKey, ...bootOf(host), ...(waitMs === undefined ? {} : { waitMs }) };
      const request = { method: 'POST' as const, path: `/v1/verbs/${verb}`, body, result: taskStatus };
      return checkedTask(verb, host, await send(host, request, options));
    },
    cancelTask: (host, task, options) =>
      send(
        host,
        { method: 'POST', path: '/v1/tasks/cancel', body: task, result: taskStatus, timeoutMs: CANCEL_TIMEOUT_MS },
        options,
      ),
    adoptControlEpoch: (host, controlEpoch, options) =>
      send(
        host,
        { method: 'POST', path: '/v1/control-epoch', body: { controlEpoch }, result: controlEpochReply },
        options,
      ),
    health: (host, options) => send(host, { method: 'GET', path: '/v1/health', result: agentHealth }, options),
    openConsole: (host, vmId, options = {}) =>
      openConsoleStream(identity, host, vmId, { timeoutMs: CONNECT_TIMEOUT_MS, ...options }),
    requestCsr: async (host, options) => {
      const body = { hostId: host.id };
      const request = { method: 'POST' as const, path: '/v1/enrol/csr', body, result: enrolCsrReply };
      return (await send(host, request, options)).csrPem;
    },
    installCertificate: async (host, enrolment, options) => {
      const body = { ...enrolment, hostId: host.id };
      await send(host, { method: 'POST', path: '/v1/enrol/certificate', body, result: z.object({}) }, options);
    },
    close: () => pools.close(),
  };
}

/** Sends requests to hosts over their pools. */
function createSender(pools: HostPools) {
  return <S extends z.ZodType>(
    host: AgentAddress,
    request: { method: 'GET' | 'POST'; path: string; body?: unknown; result: S; timeoutMs?: number },
    options: CallOptions = {},
  ): Promise<z.infer<S>> => {
    const origin = agentOrigin(host.url);
    return requestJson(pools.get(host.id, origin), origin, {
      ...request,
      timeoutMs: options.timeoutMs ?? request.timeoutMs ?? DEFAULT_TIMEOUT_MS,
      signal: options.signal,
      peer: `the agent of host ${host.id}`,
    });
  };
}

const bootOf = ({ bootId }: AgentAddress) => (bootId === undefined ? {} : { bootId });

function checkedTask(verb: LongVerbName, host: AgentAddress, status: TaskStatus): TaskStatus {
  if (status.state !== 'done') return status;
  const result = VERBS[verb].result.safeParse(status.result);
  if (result.success) return { ...status, result: result.data };
  throw new DurastackError('STEP_REFUSED', `The agent of host ${host.id} gave a result of ${verb} out of contract.`, {
    cause: result.error,
  });
}

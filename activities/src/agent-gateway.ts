/** How activities reach host agents: by host id, under the step's token, a bounded number at a time per host. */
import type { VerbName, VerbParams, VerbResult, TaskStatus, LongVerbName } from '@durastack/contracts/agent/verbs';
import type { AgentToken } from '@durastack/contracts/agent/token';
import { DurastackError, isDurastackError } from '@durastack/contracts/errors';
import type { StepRef } from '@durastack/contracts/operations/step';
import type { AgentAddress, AgentClient } from '@durastack/kit/agent-client/agent-client';
import { autocommit, type Tx } from '@durastack/store/database/transaction';
import { copyOnLostHost } from '@durastack/store/ha/lost-machines';
import { noteDetail } from '@durastack/store/operations/step-detail';
import type { DataSource } from 'typeorm';
import { HostCalls } from './host-calls.js';
import { StepTroubles } from './step-troubles.js';

/** Calls host agents. */
export interface AgentGateway {
  /**
   * A verb under a step's token. HOST_UNREACHABLE when it does not answer; HOST_FENCED when the host is gone, or the
   * machine that the step's operation holds is proven dead there.
   */
  call<V extends Exclude<VerbName, LongVerbName>>(
    hostId: string,
    verb: V,
    params: VerbParams<V>,
    step: StepRef,
  ): Promise<VerbResult<V>>;
  /** As {@link call}, on a host that is fenced and reports again: only to clear it. */
  callFenced<V extends Exclude<VerbName, LongVerbName>>(
    hostId: string,
    verb: V,
    params: VerbParams<V>,
    step: StepRef,
  ): Promise<VerbResult<V>>;
  /** A verb that only reads, without a step's token. HOST_FENCED when the host is gone. */
  read<V extends Exclude<VerbName, LongVerbName>>(
    hostId: string,
    verb: V,
    params: VerbParams<V>,
    timeoutMs: number,
  ): Promise<VerbResult<V>>;
  /** As {@link read}, for a step: HOST_FENCED as with {@link call}. */
  readForStep<V extends Exclude<VerbName, LongVerbName>>(
    hostId: string,
    verb: V,
    params: VerbParams<V>,
    how: { readonly step: StepRef; readonly timeoutMs: number },
  ): Promise<VerbResult<V>>;
  /** As {@link read}, also of a host that is fenced: what it says counts once it reports again. */
  readFenced<V extends Exclude<VerbName, LongVerbName>>(
    hostId: string,
    verb: V,
    params: VerbParams<V>,
    timeoutMs: number,
  ): Promise<VerbResult<V>>;
  /**
   * Starts a long verb, or asks how it stands. `part` tells the tasks of one step and host apart, where it has several;
   * `waitMs`: see {@link AgentClient.startTask}.
   */
  task<V extends LongVerbName>(
    hostId: string,
    verb: V,
    params: VerbParams<V>,
    step: StepRef & { readonly part?: string; readonly waitMs?: number },
  ): Promise<TaskStatus>;
  /** Hosts that do not answer this worker at present; see {@link HostCalls}. */
  silentHosts(): Set<string>;
  /** Hosts that have answered this worker lately; see {@link HostCalls}. */
  answeringHosts(): Set<string>;
  /** How many of its calls have been waiting for a while for hosts that are not silent yet; see {@link HostCalls}. */
  stalledCalls(): number;
  /** Ends all waiting for hosts, before the worker stops; see {@link HostCalls}. */
  stopWaiting(): void;
  /** The client, for calls outside of steps. */
  readonly client: AgentClient;
}

/** A step waits so long for its turn with a host: with the call itself it stays below the time-out of its attempt. */
const PATIENCE_MS = 25_000;

/** The token of a step. */
export function tokenOf(step: StepRef): AgentToken {
  return { controlEpoch: step.controlEpoch, generation: step.generation, step: step.tokenStep };
}

const taskKeyOf = ({ operationId, index, part }: StepRef & { readonly part?: string }): string =>
  `${operationId}-${index}${part === undefined ? '' : `-${part}`}`;

/** Whom a call is for. */
interface Purpose {
  /** It clears a host that is fenced. */
  readonly fencedToo?: boolean;
  /** Undefined: no operation's. */
  readonly step?: StepRef | undefined;
}

/** Where a host's agent is. HOST_FENCED when it was removed, or fenced and that counts. */
async function address(db: Tx, hostId: string, { fencedToo = false, step }: Purpose): Promise<AgentAddress> {
  const rows = await db.query<{ agent_url: string | null; state: string; boot_id: string | null }>(
    'SELECT agent_url, state, boot_id FROM host WHERE id = ?',
    [hostId],
  );
  const host = rows[0];
  if (!host || host.state === 'Removed') throw new DurastackError('HOST_FENCED', `Host ${hostId} was removed.`);
  if (!fencedToo && (host.state === 'Down' || host.state === 'Disconnected')) {
    const copy = step && (await copyOnLostHost(db, { hostId, ...step }));
    if (copy === 'awaited')
      throw new DurastackError(
        'HOST_UNREACHABLE',
        `Host ${hostId} is fenced; the start of its machine elsewhere comes first.`,
      );
    if (host.state === 'Down' || copy === 'dead')
      throw new DurastackError('HOST_FENCED', `Host ${hostId} was fenced: nothing of this runs there any more.`);
  }
  if (host.agent_url === null) throw new DurastackError('HOST_UNREACHABLE', `Host ${hostId} has no agent yet.`);
  // What clears a fenced host is meant for whatever boot it is in.
  return { id: hostId, url: host.agent_url, bootId: fencedToo ? undefined : (host.boot_id ?? undefined) };
}

/** Calls a host when it has a turn; see {@link HostCalls}. */
async function bounded<T>(
  { db, calls }: { readonly db: Tx; readonly calls: HostCalls },
  { hostId, patienceMs, ...purpose }: Purpose & { readonly hostId: string; readonly patienceMs: number },
  body: (host: AgentAddress) => Promise<T>,
): Promise<T> {
  const host = await address(db, hostId, purpose);
  return calls.run(hostId, () => body(host), { answered: isAnswer, patienceMs });
}

/**
 * A gateway that looks hosts up in the database.
 *
 * @param onFault told when it could not be written that a step waits
 */
export function createAgentGateway(
  source: DataSource,
  client: AgentClient,
  onFault: (error: unknown) => void,
): AgentGateway {
  const calls = new HostCalls();
  const parts = { db: autocommit(source), calls };
  const troubles = new StepTroubles((step, detail) => void noteDetail(source, step, detail).catch(onFault));
  const inStep = <T>(
    step: StepRef,
    { fencedToo = false, ...what }: { hostId: string; verb: string; fencedToo?: boolean },
    body: (host: AgentAddress) => Promise<T>,
  ): Promise<T> =>
    troubles.during(step, what, () =>
      bounded(parts, { hostId: what.hostId, patienceMs: PATIENCE_MS, fencedToo, step }, body),
    );

  const atOnce = <T>(hostId: string, purpose: Purpose, body: (host: AgentAddress) => Promise<T>) =>
    bounded(parts, { hostId, patienceMs: 0, ...purpose }, body);

  return {
    client,
    silentHosts: () => calls.silent(),
    answeringHosts: () => calls.answering(),
    stalledCalls: () => calls.stalled(),
    stopWaiting: () => calls.stop(),
    call: (hostId, verb, params, step) =>
      inStep(step, { hostId, verb }, (host) => client.call(host, verb, params, { token: tokenOf(step) })),
    callFenced: (hostId, verb, params, step) =>
      inStep(step, { hostId, verb, fencedToo: true }, (host) =>
        client.call(host, verb, params, { token: tokenOf(step) }),
      ),
    read: (hostId, verb, params, timeoutMs) =>
      atOnce(hostId, {}, (host) => client.call(host, verb, params, { timeoutMs })),
    readForStep: (hostId, verb, params, { step, timeoutMs }) =>
      atOnce(hostId, { step }, (host) => client.call(host, verb, params, { timeoutMs })),
    readFenced: (hostId, verb, params, timeoutMs) =>
      atOnce(hostId, { fencedToo: true }, (host) => client.call(host, verb, params, { timeoutMs })),
    task: (hostId, verb, params, step) =>
      inStep(step, { hostId, verb }, (host) =>
        client.startTask(host, verb, params, {
          token: tokenOf(step),
          taskKey: taskKeyOf(step),
          waitMs: step.waitMs,
        }),
      ),
  };
}

/** Whether a failed call was at least answered. */
function isAnswer(error: unknown): boolean {
  return !isDurastackError(error, 'HOST_UNREACHABLE') && !isDurastackError(error, 'CANCELLED');
}

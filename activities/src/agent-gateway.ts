/** How activities reach host agents: by host id, under the step's token, a bounded number at a time per host. */
import type { VerbName, VerbParams, VerbResult, TaskStatus, LongVerbName } from '@durastack/contracts/agent/verbs';
import type { AgentToken } from '@durastack/contracts/agent/token';
import { DurastackError } from '@durastack/contracts/errors';
import type { StepRef } from '@durastack/contracts/operations/step';
import type { AgentClient } from '@durastack/kit/agent-client/agent-client';
import { autocommit } from '@durastack/store/database/transaction';
import type { DataSource } from 'typeorm';

/** Calls host agents. */
export interface AgentGateway {
  /** A verb under a step's token. HOST_UNREACHABLE when it does not answer; HOST_FENCED when the host is gone. */
  call<V extends Exclude<VerbName, LongVerbName>>(
    hostId: string,
    verb: V,
    params: VerbParams<V>,
    step: StepRef,
  ): Promise<VerbResult<V>>;
  /** A verb that only reads, outside of any step. */
  read<V extends Exclude<VerbName, LongVerbName>>(
    hostId: string,
    verb: V,
    params: VerbParams<V>,
    timeoutMs: number,
  ): Promise<VerbResult<V>>;
  /** Starts a long verb, or asks how it stands. */
  task<V extends LongVerbName>(hostId: string, verb: V, params: VerbParams<V>, step: StepRef): Promise<TaskStatus>;
  /** The client, for calls outside of steps. */
  readonly client: AgentClient;
}

/** Calls to one host at the same time; the next waits for its turn by being retried, so a hung host holds few slots. */
const CALLS_PER_HOST = 8;

/** The token of a step. */
export function tokenOf(step: StepRef): AgentToken {
  return { controlEpoch: step.controlEpoch, generation: step.generation, step: step.tokenStep };
}

/** A gateway that looks hosts up in the database. */
export function createAgentGateway(source: DataSource, client: AgentClient): AgentGateway {
  const active = new Map<string, number>();
  const db = autocommit(source);

  const bounded = async <T>(hostId: string, body: () => Promise<T>): Promise<T> => {
    const running = active.get(hostId) ?? 0;
    if (running >= CALLS_PER_HOST)
      throw new DurastackError('BACKEND_BUSY', `Host ${hostId} has ${running} calls under way; waiting for a turn.`);
    active.set(hostId, running + 1);
    try {
      return await body();
    } finally {
      const left = (active.get(hostId) ?? 1) - 1;
      if (left > 0) active.set(hostId, left);
      else active.delete(hostId);
    }
  };

  const address = async (hostId: string): Promise<{ id: string; url: string }> => {
    const rows = await db.query<{ agent_url: string | null; state: string }>(
      'SELECT agent_url, state FROM host WHERE id = ?',
      [hostId],
    );
    const host = rows[0];
    if (!host || host.state === 'Removed') throw new DurastackError('HOST_FENCED', `Host ${hostId} was removed.`);
    if (host.agent_url === null) throw new DurastackError('HOST_UNREACHABLE', `Host ${hostId} has no agent yet.`);
    return { id: hostId, url: host.agent_url };
  };

  return {
    client,
    call: (hostId, verb, params, step) =>
      bounded(hostId, async () => client.call(await address(hostId), verb, params, { token: tokenOf(step) })),
    read: (hostId, verb, params, timeoutMs) =>
      bounded(hostId, async () => client.call(await address(hostId), verb, params, { timeoutMs })),
    task: (hostId, verb, params, step) =>
      bounded(hostId, async () =>
        client.startTask(await address(hostId), verb, params, {
          token: tokenOf(step),
          taskKey: `${step.operationId}-${step.index}`,
        }),
      ),
  };
}

/**
 * The two reads that the API makes of host agents itself: a console's bytes and a serial log. Everything else goes
 * through operations; docs/rfd/0003 says why these do not.
 */
import type { Duplex } from 'node:stream';
import { asDurastackError, DurastackError } from '@durastack/contracts/errors';
import { createAgentClient, type AgentAddress, type AgentClient } from '@durastack/kit/agent-client/agent-client';
import { issueControlPlaneCertificate } from '@durastack/kit/tls/certificate-authority';
import { autocommit } from '@durastack/store/database/transaction';
import { loadCertificateAuthority } from '@durastack/store/infra/certificate-authority';
import type { Platform } from '../platform.js';

const CERTIFICATE_DAYS = 30;
const RENEW_AFTER_MS = (CERTIFICATE_DAYS / 2) * 86_400_000;
/** Longer than any call of a client that has been replaced. */
const RETIRE_MS = 60_000;
const TIMEOUT_MS = 10_000;

/** What is asked of a host: one machine that is on it. */
export interface MachineOnHost {
  readonly hostId: string;
  readonly vmId: string;
}

/** Reads from hosts. Injected by this class. */
export class HostReads {
  private current: { readonly client: Promise<AgentClient>; readonly madeAtMs: number } | undefined;

  constructor(private readonly platform: Platform) {}

  /**
   * Opens the RFB stream of a machine.
   *
   * @throws DurastackError NOT_ALLOWED_IN_STATE when it does not run there; HOST_UNREACHABLE
   */
  async openConsole(machine: MachineOnHost, signal: AbortSignal): Promise<Duplex> {
    try {
      const client = await this.client();
      const host = await this.addressOf(machine.hostId);
      return await client.openConsole(host, machine.vmId, { timeoutMs: TIMEOUT_MS, signal });
    } catch (error) {
      throw forTenants(error, 'The virtual machine does not run, so it has no console.');
    }
  }

  /**
   * Reads the end of a machine's serial log.
   *
   * @throws DurastackError NOT_ALLOWED_IN_STATE when there is none; HOST_UNREACHABLE
   */
  async serialLog(machine: MachineOnHost, maxBytes: number): Promise<{ text: string; truncated: boolean }> {
    try {
      const client = await this.client();
      const host = await this.addressOf(machine.hostId);
      const params = { vmId: machine.vmId, maxBytes };
      return await client.call(host, 'getSerialLog', params, { timeoutMs: TIMEOUT_MS });
    } catch (error) {
      throw forTenants(error, 'The virtual machine has no serial log on its host.');
    }
  }

  /** Ends all connections. */
  async close(): Promise<void> {
    const client = await this.current?.client.catch(() => undefined);
    this.current = undefined;
    await client?.close();
  }

  /** The client, made on first use and again before its certificate ends. */
  private client(): Promise<AgentClient> {
    const old = this.current;
    if (old && Date.now() - old.madeAtMs < RENEW_AFTER_MS) return old.client;
    const client = this.makeClient();
    const made = { client, madeAtMs: Date.now() };
    this.current = made;
    client.catch(() => {
      if (this.current === made) this.current = undefined;
    });
    if (old) setTimeout(() => void old.client.then((retired) => retired.close()), RETIRE_MS).unref();
    return client;
  }

  private async makeClient(): Promise<AgentClient> {
    const authority = await loadCertificateAuthority(this.platform.database, this.platform.secrets);
    const own = await issueControlPlaneCertificate(authority, { days: CERTIFICATE_DAYS });
    return createAgentClient({ caPem: authority.certificatePem, ...own });
  }

  private async addressOf(hostId: string): Promise<AgentAddress> {
    const [host] = await autocommit(this.platform.database).query<{ agent_url: string | null }>(
      "SELECT agent_url FROM host WHERE id = ? AND state <> 'Removed'",
      [hostId],
    );
    if (!host?.agent_url) throw new DurastackError('HOST_UNREACHABLE', `Host ${hostId} has no agent.`);
    return { id: hostId, url: host.agent_url };
  }
}

/** Hosts are no tenant's business: what they say is kept as the cause. */
function forTenants(thrown: unknown, absent: string): DurastackError {
  const error = asDurastackError(thrown);
  switch (error.code) {
    case 'NOT_FOUND':
      return new DurastackError('NOT_ALLOWED_IN_STATE', absent, { cause: error });
    case 'HOST_UNREACHABLE':
    case 'BACKEND_BUSY':
    case 'TIMEOUT':
      return new DurastackError(
        'HOST_UNREACHABLE',
        "The virtual machine's host does not answer; try again in a moment.",
        { cause: error },
      );
    case 'CANCELLED':
    case 'MISCONFIGURED':
    case 'BUG':
      return error;
    default:
      return new DurastackError('STEP_REFUSED', "The virtual machine's host refused; see the log of the API.", {
        cause: error,
      });
  }
}

/** What specs of installations over SSH share: an authority, and the way from an installer to an agent that answers. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { EnrolmentSecrets } from '@durastack/activities/infra/enrolment-secrets';
import { createSshInstaller, type InstallOrder, type SshInstaller } from '@durastack/activities/infra/ssh-installer';
import { findAgentSources, type AgentSources } from '@durastack/activities/infra/ssh/agent-sources';
import { AGENT_PORT } from '@durastack/contracts/agent/wire';
import { createAgentClient, type AgentAddress, type AgentClient } from '@durastack/kit/agent-client/agent-client';
import {
  createAuthority,
  issueControlPlaneCertificate,
  newSerial,
  signHostCsr,
  type KeyAndCertificate,
} from '@durastack/kit/tls/certificate-authority';
import type { FreshHost } from './fresh-host.js';

/** How to log in. */
export type SshSecrets = Extract<EnrolmentSecrets, { kind: 'ssh' }>;

/** A control plane's side of one fresh host. */
export class SshEnrolment {
  private constructor(
    readonly host: FreshHost,
    readonly authority: KeyAndCertificate,
    readonly client: AgentClient,
    /** A copy of the bundle: other specs build the original at the same time. */
    readonly sources: AgentSources,
  ) {}

  /** Makes an authority and builds the agent's bundle if there is none. */
  static async prepare(host: FreshHost): Promise<SshEnrolment> {
    const build = fileURLToPath(new URL('../../../apps/host-agent/build', import.meta.url));
    if (!existsSync(join(build, 'agent.mjs'))) execFileSync('node', [`${build}.mjs`]);
    const found = findAgentSources();
    const sources = { ...found, bundleFile: join(host.directory, 'agent.mjs') };
    copyFileSync(found.bundleFile, sources.bundleFile);
    const authority = await createAuthority('test');
    const identity = await issueControlPlaneCertificate(authority);
    return new SshEnrolment(
      host,
      authority,
      createAgentClient({ caPem: authority.certificatePem, ...identity }),
      sources,
    );
  }

  /** How root logs in with the password, or what is said otherwise. */
  target(change: Partial<SshSecrets> = {}): SshSecrets {
    const { address, password } = this.host;
    const fingerprint = this.host.fingerprint();
    return { kind: 'ssh', address, port: 22, username: 'root', password, fingerprint, ...change };
  }

  /** An installer for {@link target}. */
  installer(change: Partial<SshSecrets> = {}, sources: Partial<AgentSources> = {}): SshInstaller {
    return createSshInstaller(this.target(change), () => ({ ...this.sources, ...sources }));
  }

  /** Repeats the installation until it is done, as its workflow does. */
  async installed(installer: SshInstaller, order: InstallOrder): Promise<void> {
    while (!(await installer.install(order)).done) await sleep(50);
  }

  /** Request, signature, certificate; the agent runs when it returns. */
  async enrol(installer: SshInstaller, hostId: string, incarnation: number): Promise<void> {
    const channel = installer.enrolmentClient({ hostId });
    try {
      const facts = { hostId, incarnation, serial: newSerial() };
      const certificatePem = await signHostCsr(this.authority, await channel.requestCsr(), facts);
      const caPem = this.authority.certificatePem;
      // Nobody takes its heartbeats there.
      const intakeUrl = `https://${this.host.address}:1`;
      await channel.installCertificate({ certificatePem, caPem, incarnation, intakeUrl, intervalMs: 60_000 });
    } finally {
      await channel.close();
    }
  }

  /** Where its agent answers under a host's id. */
  agentAt(id: string): AgentAddress {
    return { id, url: `https://${this.host.address}:${AGENT_PORT}` };
  }
}

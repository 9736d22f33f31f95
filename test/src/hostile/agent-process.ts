/** A real agent process with two simulated hosts, and every identity that somebody could come with. */
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readFileSync } from 'node:fs';
import {
  enrolHost,
  makeAgentDirectory,
  startControlPlane,
  type ControlPlane,
} from '@durastack/host-agent/agent-fixture';
import type { AgentAddress } from '@durastack/kit/agent-client/agent-client';
import {
  createAuthority,
  createEnrolmentCertificate,
  issueControlPlaneCertificate,
} from '@durastack/kit/tls/certificate-authority';
import { CONTROL_PLANE_NAME } from '@durastack/contracts/agent/wire';
import { Child } from '../support/child.js';
import { freePort } from '../support/free-port.js';
import type { Identity } from './tls-call.js';

const MAIN = resolve(fileURLToPath(new URL('../../..', import.meta.url)), 'apps/host-agent/dist/main.js');

/** See the module. */
export interface AgentUnderAttack {
  readonly plane: ControlPlane;
  readonly process: Child;
  readonly port: number;
  readonly directory: string;
  readonly hostA: AgentAddress;
  readonly hostB: AgentAddress;
  /** By what is wrong with them. */
  readonly strangers: Readonly<Record<string, Identity>>;
  stop(): Promise<void>;
}

/** Starts one. */
export async function startAgentUnderAttack(): Promise<AgentUnderAttack> {
  const plane = await startControlPlane();
  const place = makeAgentDirectory();
  const port = await freePort();
  const child = new Child({
    command: process.execPath,
    args: [MAIN],
    env: {
      DURASTACK_AGENT_DIR: place.directory,
      DURASTACK_AGENT_LISTEN: `127.0.0.1:${port}`,
      DURASTACK_AGENT_DRIVER: 'simulator',
      DURASTACK_AGENT_ENROL_TOKEN_FILE: place.tokenFile,
    },
    logFile: join(place.directory, 'agent.log'),
    ready: async () => readFileSync(join(place.directory, 'agent.log'), 'utf8').includes('"ready"'),
  });
  await child.start();
  const hostA = await enrolHost(plane, { port, ...place });
  const hostB = await enrolHost(plane, { port, ...place });
  const identityOf = (host: AgentAddress): Identity =>
    JSON.parse(readFileSync(join(place.directory, 'hosts', host.id, 'identity.json'), 'utf8')) as Identity;
  const old = { days: 1, now: new Date(Date.now() - 9 * 86_400_000) };
  return {
    ...{ plane, process: child, port, hostA, hostB, directory: place.directory },
    strangers: {
      'no certificate': {},
      "the control plane's name on a self-signed certificate": await createEnrolmentCertificate(CONTROL_PLANE_NAME),
      "another authority's control plane": await issueControlPlaneCertificate(await createAuthority('stranger')),
      "the control plane's certificate, expired": await issueControlPlaneCertificate(plane.authority, old),
      "another host's certificate": identityOf(hostB),
      "the host's own certificate": identityOf(hostA),
    },
    stop: async () => {
      await child.kill('SIGKILL');
      await plane.close();
      place.remove();
    },
  };
}

/** Resident memory of a process in MiB. */
export function residentMib(pid: number | undefined): number {
  const line = readFileSync(`/proc/${pid}/status`, 'utf8').match(/^VmRSS:\s+(\d+) kB$/m)?.[1];
  return Number(line) / 1024;
}

/**
 * Installs the agent on a host over SSH, enrols it there, and takes it back.
 *
 * Every call opens a connection of its own and may be repeated at any point. The user's key or password is sent to
 * no machine but the one whose key has the fingerprint that the user gave.
 */
import { HYPERVISOR_PACKAGES, SYSTEM_LIBVIRT_PACKAGES } from '@durastack/contracts/infra/host-packages';
import { DurastackError } from '@durastack/contracts/errors';
import { DONE, pending, type StepOutcome } from '@durastack/contracts/operations/step';
import type { EnrolmentClient } from '@durastack/kit/agent-client/enrol';
import { certificateFingerprint } from '@durastack/kit/tls/certificate-holder';
import { HOST_PATHS } from './ssh/agent-layout.js';
import {
  describeService,
  dropIdentity,
  makeFolders,
  removeAgent,
  runAgentCommand,
  startAgent,
  startLibvirt,
} from './ssh/agent-service.js';
import { findAgentSources, type AgentSources } from './ssh/agent-sources.js';
import { installPackages, missingOf } from './ssh/host-packages.js';
import { checkSurvey, surveyHost, type HostSurvey } from './ssh/host-survey.js';
import { sendFile, writeSmallFile, type FileToSend } from './ssh/remote-file.js';
import { openRemoteShell, type RemoteShell } from './ssh/remote-shell.js';
import { place, type SshTarget } from './ssh/ssh-connection.js';

/** One call ends well within the minute that an activity has, whatever its last command takes. */
const BUDGET_MS = 20_000;
const POLL_MS = 1_000;
const PACKAGES = [...HYPERVISOR_PACKAGES, ...SYSTEM_LIBVIRT_PACKAGES];

/** Whose host it is already. */
export type PresentClaim = NonNullable<HostSurvey['claim']>;

/** What is installed. */
export interface InstallOrder {
  readonly hostId: string;
  /** Packages that this host needs besides those that all need. */
  readonly packages?: readonly string[];
  /**
   * Asked when the machine is another host already: whether that one is gone, so that its enrolment may be replaced.
   * Default: never.
   */
  readonly mayReplace?: (present: PresentClaim) => Promise<boolean>;
}

/** Installs, enrols and removes the agent of one machine. */
export interface SshInstaller {
  /**
   * Packages, Node, agent, settings and unit; starts libvirt, and the agent again if it is enrolled.
   *
   * @returns pending, with what it is at, while there is more to do than fits into one call
   * @throws DurastackError STEP_REFUSED when the machine cannot be a host, CONFLICT when it is another host already,
   *   and as `openRemoteShell`
   */
  install(order: InstallOrder): Promise<StepOutcome>;
  /** Takes the agent, its settings and its identity away; nothing when the machine is not this host. */
  uninstall(order: { readonly hostId: string }): Promise<void>;
  /** The enrolment by the agent's own commands; the agent is started once it has its certificate. */
  enrolmentClient(order: { readonly hostId: string }): EnrolmentClient;
}

/**
 * An installer for one machine.
 *
 * @param target where it is, how to log in, the fingerprint of its key
 * @param sources what is sent; default: what this checkout has built
 */
export function createSshInstaller(target: SshTarget, sources: () => AgentSources = findAgentSources): SshInstaller {
  const withShell = async <T>(work: (shell: RemoteShell) => Promise<T>): Promise<T> => {
    const shell = await openRemoteShell(target);
    try {
      return await work(shell);
    } finally {
      shell.close();
    }
  };
  return {
    async install(order) {
      // Whatever is missing here is found before anything is done there.
      const files = sources();
      return withShell((shell) => install(shell, { target, order, files }));
    },
    uninstall: ({ hostId }) =>
      withShell(async (shell) => {
        const { claim } = await surveyHost(shell, []);
        if (claim?.hostId === hostId) await removeAgent(shell);
      }),
    enrolmentClient: ({ hostId }) => enrolmentOverSsh(target, hostId),
  };
}

interface Installation {
  readonly target: SshTarget;
  readonly order: InstallOrder;
  readonly files: AgentSources;
}

async function install(shell: RemoteShell, { target, order, files }: Installation): Promise<StepOutcome> {
  const deadline = Date.now() + BUDGET_MS;
  const packages = [...PACKAGES, ...(order.packages ?? [])];
  const survey = await surveyHost(shell, packages);
  checkSurvey(survey, place(target));
  await claimHost(shell, { target, order, survey });
  const missing = missingOf(packages, survey.installed);
  const installing = await installPackages(shell, missing, deadline);
  if (installing !== undefined) return pending(POLL_MS, installing);
  let worked = missing.length > 0;
  for (const file of filesToSend(files)) {
    const transfer = await sendFile(shell, file, deadline);
    if (!transfer.done) return pending(POLL_MS, transfer.detail);
    worked ||= transfer.sentAnything;
  }
  // What follows takes its time too: it gets a call of its own after one that was long.
  if (worked && Date.now() > deadline - BUDGET_MS / 2) return pending(POLL_MS, 'starting libvirt and the agent');
  await describeService(shell, survey);
  await startLibvirt(shell);
  if (survey.enrolled && survey.claim?.hostId === order.hostId) await startAgent(shell);
  return DONE;
}

function filesToSend({ nodeFile, bundleFile }: AgentSources): readonly FileToSend[] {
  return [
    { from: nodeFile, to: HOST_PATHS.node, mode: '755', tryWith: '--version' },
    { from: bundleFile, to: HOST_PATHS.bundle, mode: '644' },
  ];
}

/** Marks the machine as this host before anything else is done to it, so that an undo knows what is its own. */
async function claimHost(
  shell: RemoteShell,
  { target, order, survey }: { target: SshTarget; order: InstallOrder; survey: HostSurvey },
): Promise<void> {
  const { claim, enrolled } = survey;
  if (claim?.hostId === order.hostId) return makeFolders(shell);
  if (claim !== undefined || enrolled) {
    const replaceable = claim !== undefined && ((await order.mayReplace?.(claim)) ?? false);
    if (!replaceable) {
      const who = claim === undefined ? 'enrolled by another control plane' : `the host ${claim.hostId}`;
      throw new DurastackError(
        'CONFLICT',
        `${place(target)} is ${who} already. Delete it there first; if that cloud is gone, stop durastack-agent on the machine and remove ${HOST_PATHS.settings} and ${HOST_PATHS.state}/identity.json.`,
        { details: claim === undefined ? {} : { hostId: claim.hostId } },
      );
    }
    await dropIdentity(shell);
  }
  await makeFolders(shell);
  await writeSmallFile(shell, { to: HOST_PATHS.claim, mode: '600', content: `${order.hostId}\n` });
}

function enrolmentOverSsh(target: SshTarget, hostId: string): EnrolmentClient {
  let opened: Promise<RemoteShell> | undefined;
  const shell = (): Promise<RemoteShell> => (opened ??= openRemoteShell(target));
  return {
    requestCsr: async () =>
      runAgentCommand(await shell(), ['csr', '--host-id', hostId], { what: 'asking for a certificate request' }),
    async installCertificate(enrolment) {
      const host = await shell();
      const input = JSON.stringify(enrolment);
      await runAgentCommand(host, ['install-certificate'], { what: 'handing over the certificate', input });
      const authority = certificateFingerprint(enrolment.caPem);
      await writeSmallFile(host, { to: HOST_PATHS.claim, mode: '600', content: `${hostId}\n${authority}\n` });
      await startAgent(host);
    },
    async close() {
      // One that could not be opened has nothing to close; its failure was told to who asked for it.
      const [result] = await Promise.allSettled(opened ? [opened] : []);
      if (result?.status === 'fulfilled') result.value.close();
    },
  };
}

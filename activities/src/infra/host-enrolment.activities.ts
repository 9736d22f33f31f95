import type { HostFacts, PoolSpec } from '@durastack/contracts/agent/specs';
import { DurastackError, invariant, isDurastackError, type ErrorCode } from '@durastack/contracts/errors';
import type { HostEnrolmentPorts } from '@durastack/contracts/infra/host.ports';
import { DONE, doneWith, type StepOutcome, type StepRef } from '@durastack/contracts/operations/step';
import { createEnrolmentClient, type EnrolmentClient } from '@durastack/kit/agent-client/enrol';
import { newSerial, signHostCsr } from '@durastack/kit/tls/certificate-authority';
import { certificateFingerprint, readCertificate } from '@durastack/kit/tls/certificate-holder';
import { autocommit, type Tx } from '@durastack/store/database/transaction';
import { loadCertificateAuthority } from '@durastack/store/infra/certificate-authority';
import { claim } from '@durastack/store/operations/reservations';
import { inStep } from '@durastack/store/operations/run';
import { POOL_SPEC_COLUMNS, toPoolSpec, type PoolSpecRow } from '@durastack/store/storage/pool-spec';
import type { ActivityDependencies } from '../dependencies.js';
import { openEnrolment, type EnrolmentSecrets } from './enrolment-secrets.js';
import { introducePool } from '../storage/pool-introduction.js';
import { HOST_CERTIFICATE_DAYS } from './certificate-life.js';
import { readNeededPackages } from './needed-packages.js';
import { createSshInstaller, type PresentClaim } from './ssh-installer.js';

interface HostRow {
  readonly id: string;
  readonly agentUrl: string;
  readonly incarnation: number;
  readonly serial: string | null;
  readonly enrolmentSealed: string | null;
}

/** See {@link HostEnrolmentPorts}. */
export function createActivities(dependencies: ActivityDependencies): HostEnrolmentPorts {
  const { source, agents } = dependencies;
  return {
    async installAgent(step) {
      const { host, secrets } = await readEnrolment(dependencies, step);
      if (secrets?.kind !== 'ssh') return DONE;
      return createSshInstaller(secrets).install({
        hostId: host.id,
        packages: await readNeededPackages(autocommit(source), host.id),
        mayReplace: (present) => isGone(dependencies, present),
      });
    },

    async uninstallAgent(step) {
      const { host, secrets } = await readEnrolment(dependencies, step);
      const outcome = secrets?.kind === 'ssh' ? await uninstall(host.id, secrets) : DONE;
      // The secrets of the enrolment have served.
      await inStep(source, step, (tx) => tx.execute('UPDATE host SET enrolment_sealed = NULL WHERE id = ?', [host.id]));
      return outcome;
    },

    async enrolAgent(step) {
      const { host, secrets } = await readEnrolment(dependencies, step);
      const identity = await inStep(source, step, (tx) => nextIdentity(tx, host));
      const authority = await loadCertificateAuthority(source, dependencies.box);
      const channel = await enrolmentChannel(dependencies, host, secrets);
      try {
        const certificatePem = await signHostCsr(authority, await channel.requestCsr(), {
          hostId: host.id,
          ...identity,
          days: HOST_CERTIFICATE_DAYS,
        });
        const { notAfter } = readCertificate(certificatePem);
        await inStep(source, step, (tx) =>
          tx.execute('UPDATE host SET certificate_expires_at = ? WHERE id = ?', [notAfter, host.id]),
        );
        await channel.installCertificate({
          certificatePem,
          caPem: authority.certificatePem,
          incarnation: identity.incarnation,
          intakeUrl: dependencies.settings.intakeUrl,
          intervalMs: dependencies.settings.heartbeatIntervalMs,
        });
      } finally {
        await channel.close();
      }
      return DONE;
    },

    forgetEnrolment: (step) =>
      inStep(source, step, async (tx, operation) => {
        await tx.execute(
          'UPDATE host SET certificate_serial = NULL, next_certificate_serial = NULL, certificate_expires_at = NULL WHERE id = ?',
          [operation.resource.id],
        );
        return DONE;
      }),

    async learnHostFacts(step) {
      const { hostId, pools } = await inStep(source, step, async (tx, { id, resource }) => ({
        hostId: resource.id,
        pools: await claimPoolsInReach(tx, id, resource.id),
      }));
      const facts = await agents.call(hostId, 'getFacts', {}, step);
      for (const pool of pools) await introducePool(dependencies, { hostId, pool }, step);
      await inStep(source, step, (tx) => recordFacts(tx, hostId, facts));
      return DONE;
    },
  };
}

/** Without these nothing more can be done there by SSH. What stays has no certificate that counts, and is replaced by the next addHost. */
const OUT_OF_REACH: readonly ErrorCode[] = ['HOST_UNREACHABLE', 'INVALID_INPUT', 'FORBIDDEN'];

async function uninstall(hostId: string, secrets: Extract<EnrolmentSecrets, { kind: 'ssh' }>): Promise<StepOutcome> {
  try {
    await createSshInstaller(secrets).uninstall({ hostId });
    return DONE;
  } catch (error) {
    if (!isDurastackError(error) || !OUT_OF_REACH.includes(error.code)) throw error;
    return doneWith(`Nothing was removed from the host: ${error.message}`);
  }
}

/** Whether a host that a machine was before is no more: one of ours that was removed or never became one. */
async function isGone({ source, box }: ActivityDependencies, { hostId, authority }: PresentClaim): Promise<boolean> {
  const [row] = await autocommit(source).query<{ state: string }>('SELECT state FROM host WHERE id = ?', [hostId]);
  if (row) return row.state === 'Removed' || row.state === 'Error';
  const { certificatePem } = await loadCertificateAuthority(source, box);
  return authority === certificateFingerprint(certificatePem);
}

async function readEnrolment({ source, box }: ActivityDependencies, step: StepRef) {
  return inStep(source, step, async (tx, operation) => {
    const [host] = await tx.query<HostRow>(
      'SELECT id, agent_url AS agentUrl, incarnation, certificate_serial AS serial, enrolment_sealed AS enrolmentSealed FROM host WHERE id = ?',
      [operation.resource.id],
    );
    invariant(host, `There is no host ${operation.resource.id}.`);
    return {
      host,
      secrets: host.enrolmentSealed === null ? undefined : openEnrolment(box, host.id, host.enrolmentSealed),
    };
  });
}

/** The incarnation and serial of the certificate to come; written before it is signed, and kept by repeats. */
async function nextIdentity(tx: Tx, host: HostRow): Promise<{ incarnation: number; serial: string }> {
  const [current] = await tx.query<{ incarnation: number; serial: string | null }>(
    'SELECT incarnation, certificate_serial AS serial FROM host WHERE id = ? FOR UPDATE',
    [host.id],
  );
  if (current?.serial) return { incarnation: current.incarnation, serial: current.serial };
  const identity = { incarnation: host.incarnation + 1, serial: newSerial() };
  await tx.execute(
    'UPDATE host SET incarnation = ?, certificate_serial = ?, next_certificate_serial = NULL WHERE id = ?',
    [identity.incarnation, identity.serial, host.id],
  );
  return identity;
}

/** How the agent takes its certificate: over mutual TLS when it has one already, else as it waits for it. */
async function enrolmentChannel(
  { agents }: ActivityDependencies,
  host: HostRow,
  secrets: EnrolmentSecrets | undefined,
): Promise<EnrolmentClient> {
  const address = { id: host.id, url: host.agentUrl };
  if (await isEnrolled(agents.client.health(address))) {
    return {
      requestCsr: () => agents.client.requestCsr(address),
      installCertificate: (enrolment) => agents.client.installCertificate(address, enrolment),
      close: () => Promise.resolve(),
    };
  }
  if (!secrets)
    throw new DurastackError(
      'INVALID_INPUT',
      `The agent at ${host.agentUrl} is not enrolled, and its enrolment token is used up. Call addHost again with a new one.`,
    );
  if (secrets.kind === 'ssh') return createSshInstaller(secrets).enrolmentClient({ hostId: host.id });
  return createEnrolmentClient({
    url: host.agentUrl,
    fingerprint: secrets.fingerprint,
    token: secrets.token,
    hostId: host.id,
  });
}

async function isEnrolled(health: Promise<unknown>): Promise<boolean> {
  try {
    await health;
    return true;
  } catch (error) {
    if (isDurastackError(error)) return false;
    throw error;
  }
}

/** Pools that were there before the host came: it must reach them before it is given machines. None is removed meanwhile. */
async function claimPoolsInReach(tx: Tx, operationId: string, hostId: string): Promise<PoolSpec[]> {
  const pools = await tx.query<PoolSpecRow>(
    `SELECT ${POOL_SPEC_COLUMNS} FROM storage_pool p JOIN host h ON h.id = ?
      WHERE p.zone_id = h.zone_id AND p.state = 'Up' AND (p.host_id IS NULL OR p.host_id = h.id) AND (p.cluster_id IS NULL OR p.cluster_id = h.cluster_id)
      ORDER BY p.id LOCK IN SHARE MODE`,
    [hostId],
  );
  if (pools.length > 0)
    await claim(
      tx,
      operationId,
      pools.map(({ id }) => ({ type: 'storage-pool', id })),
    );
  return pools.map(toPoolSpec);
}

async function recordFacts(tx: Tx, hostId: string, facts: HostFacts): Promise<void> {
  await tx.execute(
    `UPDATE host SET cpu_count = ?, cpu_mhz = ?, memory_mib = ?, boot_id = ?, accelerator = ?, agent_version = ?, hypervisor_version = ?,
       enrolment_sealed = NULL, last_heartbeat_at = NOW(3) WHERE id = ?`,
    [
      facts.cpuCount,
      facts.cpuMhz,
      facts.memoryMib,
      facts.bootId,
      facts.accelerator,
      facts.agentVersion,
      facts.hypervisorVersion,
      hostId,
    ],
  );
}

/** Verbs of live migration. */
import type { MigrationFit, MigrationNeeds } from '@durastack/contracts/agent/migration';
import type { PowerState } from '@durastack/contracts/agent/specs';
import type { VerbParams, VerbResult } from '@durastack/contracts/agent/verbs';
import { DurastackError, isDurastackError } from '@durastack/contracts/errors';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DriverVerbs } from '../../driver.js';
import { openDataDisks } from '../data-disks.js';
import { openDisc } from '../disc.js';
import type { LibvirtHost } from '../libvirt-host.js';
import { qemuUserOf } from '../qemu-user.js';
import { abortJob, jobStats, migrateConfirm, offersCpu } from '../rpc/migration-calls.js';
import { noPostCopyHere } from './post-copy.js';
import { receiveVm } from './receive-vm.js';
import { sendVm } from './send-vm.js';

type MigrationVerbs = Pick<
  DriverVerbs,
  'getMigrationNeeds' | 'checkMigration' | 'receiveVm' | 'sendVm' | 'endMigration' | 'keepVm'
>;

/** How long an aborted job may take to end before the caller is told to ask again. */
const ABORT_WITHIN_MS = 10_000;
const ABORT_POLL_MS = 100;

/** All of them. */
export function migrationVerbs(host: LibvirtHost): MigrationVerbs {
  return {
    getMigrationNeeds: ({ vmId }) => needsOf(host, vmId),
    checkMigration: (params) => check(host, params),
    receiveVm: (params, context) => receiveVm(host, params, context),
    sendVm: (params, context) => sendVm(host, params, context),
    endMigration: async ({ vmId }) => ({
      // Before it is looked at: what has ended since did so before that look.
      ...(host.postCopies.has(vmId) ? { ongoing: true } : {}),
      ...(await endMigration(host, vmId)),
    }),
    keepVm: async ({ vmId }) => ({ power: await keepVm(host, vmId) }),
  };
}

async function needsOf(host: LibvirtHost, vmId: string): Promise<MigrationNeeds> {
  const domain = await host.domains.find(vmId);
  const [, cpu = ''] = /<host>[\s\S]*?(<cpu>[\s\S]*?<\/cpu>)/.exec(await host.client.capabilities()) ?? [];
  return {
    running: (await host.domains.power(domain)) === 'running',
    hypervisor: 'KVM',
    accelerator: await host.accelerator(),
    hypervisorVersion: await host.client.hypervisorVersion(),
    cpu,
  };
}

async function check(host: LibvirtHost, { vm, needs }: VerbParams<'checkMigration'>): Promise<MigrationFit> {
  const unfit = (reason: string): MigrationFit => ({ suitable: false, reason });
  const accelerator = await host.accelerator();
  if (needs.hypervisor !== 'KVM') return unfit(`runs no ${needs.hypervisor} machines`);
  if (needs.accelerator !== accelerator)
    return unfit(`runs guests by ${accelerator}, its host by ${needs.accelerator}`);
  const version = await host.client.hypervisorVersion();
  // An emulated processor is QEMU's own, and differs between its versions.
  const exact = accelerator === 'tcg';
  if (exact ? version !== needs.hypervisorVersion : isOlder(version, needs.hypervisorVersion))
    return unfit(`has QEMU ${version}, its host ${needs.hypervisorVersion}`);
  if (accelerator === 'kvm' && !(await offersCpu(host.client, needs.cpu)))
    return unfit('has processors that lack features which the guest may be using');
  try {
    const qemu = qemuUserOf(await host.client.capabilities());
    await host.pools.openDisk(vm.rootVolume, qemu);
    await openDataDisks(host, vm.dataVolumes);
    if (vm.disc) await openDisc(vm.disc, qemu);
  } catch (error) {
    if (!isDurastackError(error, 'STEP_REFUSED')) throw error;
    return unfit(`cannot open its disks: ${error.message}`);
  }
  const noPostCopy = await noPostCopyHere(host);
  return { suitable: true, ...(noPostCopy === undefined ? {} : { noPostCopy }) };
}

function isOlder(version: string, than: string): boolean {
  const [a, b] = [version, than].map((text) => text.split('.').map(Number));
  for (const [index, part] of (b ?? []).entries()) if ((a?.[index] ?? 0) !== part) return (a?.[index] ?? 0) < part;
  return false;
}

/**
 * The guard has ended what this agent was doing, unless that is a post-copy; an earlier agent may have left a job to
 * libvirt.
 */
async function endMigration(host: LibvirtHost, vmId: string): Promise<VerbResult<'endMigration'>> {
  const deadline = Date.now() + ABORT_WITHIN_MS;
  for (;;) {
    const domain = await host.domains.find(vmId);
    const side = await host.domains.side(domain);
    if (domain === undefined || (side !== 'running' && side !== 'left')) return { side };
    const job = await jobStats(host.client, domain, false);
    if (side === 'left') {
      if (job === undefined) return { side };
      const { remainingBytes } = job;
      const broken = remainingBytes > 0 && (await host.domains.isBroken(domain));
      return { side, remainingBytes, ...(broken ? { broken } : {}) };
    }
    if (job === undefined) return { side };
    if (Date.now() > deadline)
      throw new DurastackError('BACKEND_BUSY', `libvirt is still at work on ${domain.name}; it is asked again`);
    await abortJob(host.client, domain).catch((error: unknown) => {
      // Refused when the job ended meanwhile: the next look tells.
      if (!isDurastackError(error, 'STEP_REFUSED')) throw error;
    });
    await sleep(ABORT_POLL_MS);
  }
}

async function keepVm(host: LibvirtHost, vmId: string): Promise<PowerState> {
  const domain = await host.domains.find(vmId);
  if (domain !== undefined && (await host.domains.side(domain)) === 'held') {
    // Ends the job that libvirt may still hold; without one it is refused, and the machine just goes on.
    await migrateConfirm(host.client, domain, { cancelled: true, postCopy: false }).catch((error: unknown) => {
      if (!isDurastackError(error, 'STEP_REFUSED')) throw error;
    });
    if ((await host.domains.power(domain)) === 'paused') await host.client.resumeDomain(domain);
  }
  return host.domains.power(domain);
}

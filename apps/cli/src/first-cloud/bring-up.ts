/** From a machine with Node to a cloud with a first virtual machine: what `dura up` and `dura sim` have in common. */
import { existsSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { DurastackError } from '@durastack/contracts/errors';
import type { EstateSize } from '@durastack/store/estate/estate-size';
import { TINY_IMAGE_PACKAGES } from '@durastack/drivers/image/tiny-image';
import { privateLibvirtSocket } from '@durastack/drivers/libvirt/private-libvirtd';
import { adminClient } from '../api/admin-client.js';
import type { ApiClient } from '../api/api-client.js';
import { requireFreeSpace, SHARED_CACHE, type Home } from '../instance/home.js';
import { InstanceFile, type SimulatorProfile } from '../instance/instance-file.js';
import { endMachines, removeNetworks } from '../instance/remains.js';
import { InstanceStart, type StartWishes } from '../instance/start.js';
import { INSTANCE_PACKAGES, installPackages, PIP_PACKAGES } from '../parts/debian-packages.js';
import { agentPlaces, instanceUrls } from '../parts/node-apps.js';
import { ensureTemporalBinary } from '../parts/temporal-binary.js';
import { workflowPage } from '../parts/temporal-server.js';
import { Steps } from '../system/steps.js';
import { planOfThisMachine, simulatedPlan, type CloudPlan } from './cloud-plan.js';
import { makeEstate } from './estate.js';
import { FirstCloud, newEnrolToken } from './first-cloud.js';
import { ensureFirstVm, findFirstVm, FIRST_VM, type FirstVm } from './first-vm.js';
import { ensureImage } from './image.js';
import { furnishSandbox } from './sandbox.js';

const INTERRUPTED = 130;
const INTERRUPTED_WAIT_MS = 3_000;
/** Database, image, first machine and logs take some 600 MiB; a running instance needs room to write. */
const FIRST_START_MIB = 1_024;
const LATER_START_MIB = 128;

/** What is to be brought up. */
export interface CloudWishes {
  readonly start: StartWishes;
  readonly withVm: boolean;
  /** Simulated hosts in place of this machine. */
  readonly simulator?: { readonly hosts: number; readonly profile: SimulatorProfile };
  /** Rows in bulk beside what runs. */
  readonly estate?: EstateSize;
}

/**
 * Starts what is not running and makes what is missing; all or nothing.
 *
 * @param home prepared, its lock held by the caller
 * @returns exit code
 */
export async function bringUp(home: Home, wishes: CloudWishes): Promise<number> {
  const steps = new Steps();
  const file = InstanceFile.open(home);
  const isFirst = file.state.firstCloudAt === undefined;
  const temporalBinary = wishes.simulator && (await ensureTemporalBinary(SHARED_CACHE)).path;
  const start = new InstanceStart(file, steps, { ...wishes.start, ...(temporalBinary ? { temporalBinary } : {}) });
  const interruption = interrupted();
  const work = new BringUp(file, start, steps, wishes).run();
  try {
    const vm = await Promise.race([work, interruption.promise]);
    printSummary(file, steps, vm);
    return 0;
  } catch (error) {
    if (start.startedParts.length > 0) steps.line('Stopping what was started...');
    await start.undo();
    if (isFirst && wishes.simulator === undefined) {
      await endMachines(home);
      await removeNetworks(home);
    }
    if (error !== interruption.reason) throw error;
    // What was just starting ends by itself now that the rest is gone.
    await Promise.race([work.catch(() => undefined), sleep(INTERRUPTED_WAIT_MS)]);
    process.exit(INTERRUPTED);
  } finally {
    interruption.end();
  }
}

/** One run of it. */
class BringUp {
  constructor(
    private readonly file: InstanceFile,
    private readonly start: InstanceStart,
    private readonly steps: Steps,
    private readonly wishes: CloudWishes,
  ) {}

  /** @returns the first machine, when it is there */
  async run(): Promise<FirstVm | undefined> {
    const { file, steps } = this;
    const { simulator } = this.wishes;
    requireFreeSpace(file.home, file.state.firstCloudAt === undefined ? FIRST_START_MIB : LATER_START_MIB);
    // From here on the directory is an instance, which `destroy` can remove.
    file.update({ kind: simulator === undefined ? 'machine' : 'simulator' });
    await steps.run('Debian packages', async (note) => {
      const more = simulator === undefined ? TINY_IMAGE_PACKAGES : PIP_PACKAGES;
      const installed = await installPackages([...new Set([...INSTANCE_PACKAGES, ...more])]);
      note(installed.length === 0 ? 'all there' : `${installed.length} installed`);
    });
    const { enrolTokenFile } = agentPlaces(file.home, privateLibvirtSocket(file.home.libvirt));
    if (file.state.firstCloudAt === undefined && !existsSync(enrolTokenFile)) {
      writeFileSync(enrolTokenFile, newEnrolToken(), { mode: 0o600 });
    }
    if (simulator !== undefined) {
      const vm = await this.simulated(simulator);
      if (this.wishes.estate) await makeEstate(file, steps, this.wishes.estate);
      return vm;
    }
    if (file.state.firstCloudAt === undefined) return this.onThisMachine();
    await this.start.run();
    return findFirstVm(await adminClient(file));
  }

  private async onThisMachine(): Promise<FirstVm | undefined> {
    const building = new AbortController();
    // Mostly downloads, so it goes on beside the start; awaited where it is needed.
    const image = this.steps.run('Image of a small Linux', () => ensureImage(this.file.home.cache, building.signal));
    image.catch(() => undefined);
    try {
      await this.start.run();
      return await this.furnish(await adminClient(this.file), await planOfThisMachine(this.file, image));
    } finally {
      building.abort();
    }
  }

  private async simulated(wanted: { hosts: number; profile: SimulatorProfile }): Promise<FirstVm | undefined> {
    await this.start.run();
    const api = await adminClient(this.file);
    const { firstCloudAt, simulator: known } = this.file.state;
    if (firstCloudAt !== undefined && known?.hosts === wanted.hosts) return findFirstVm(api);
    const vm = await this.furnish(api, simulatedPlan(this.file, wanted.hosts, wanted.profile));
    if (wanted.profile === 'sandbox' && known === undefined) await this.steps.run('Sandbox', () => furnishSandbox(api));
    this.file.update({ simulator: wanted });
    return vm;
  }

  private async furnish(api: ApiClient, plan: CloudPlan): Promise<FirstVm | undefined> {
    const { file, steps, wishes } = this;
    const basis = await new FirstCloud(file, api, steps, plan).prepare();
    const isReal = plan.hypervisor === 'KVM';
    const vm = wishes.withVm ? await ensureFirstVm(api, steps, { basis, answers: isReal }) : undefined;
    if (vm?.jobId !== undefined) file.update({ firstDeployJobId: vm.jobId });
    file.update({ firstCloudAt: new Date().toISOString() });
    return vm;
  }
}

/** Ctrl-C and a polite kill take the same way as a failure. */
function interrupted(): { promise: Promise<never>; reason: DurastackError; end(): void } {
  const reason = new DurastackError('CANCELLED', 'Interrupted.');
  let stop: () => void = () => {};
  const promise = new Promise<never>((_, reject) => {
    stop = () => reject(reason);
  });
  promise.catch(() => undefined);
  process.on('SIGINT', stop).on('SIGTERM', stop);
  return { promise, reason, end: () => process.off('SIGINT', stop).off('SIGTERM', stop) };
}

function printSummary(file: InstanceFile, steps: Steps, vm: FirstVm | undefined): void {
  const { home } = file;
  const urls = instanceUrls(file);
  const isSimulated = file.state.kind === 'simulator';
  const dura = isSimulated ? './dura sim' : './dura';
  const lines = [
    '',
    `Up in ${steps.seconds.toFixed(1)} s.`,
    '',
    `  API            ${urls.api}  (keys: ${home.adminFile}, or eval "$(${dura} env)")`,
    `  API docs       ${urls.apiDocs}`,
    `  Temporal UI    ${urls.temporalUi}`,
  ];
  if (vm !== undefined) {
    const jobId = file.state.firstDeployJobId;
    if (jobId !== undefined) lines.push(`  its deploy     ${workflowPage(urls.temporalUi, `${jobId}-1`)}`);
    lines.push(`  Machine        ${FIRST_VM} at ${vm.address}, ${vm.state}`);
    const ssh = `ssh -i ${home.sshKeyFile} -o StrictHostKeyChecking=accept-new root@${vm.address}`;
    if (!isSimulated) lines.push(`                 ${ssh}`);
  }
  lines.push('', 'Try next:', `  ${dura} status`, `  ${dura} api listVirtualMachines`);
  if (vm !== undefined) lines.push(`  ${dura} api stopVirtualMachine id=${vm.id}`);
  lines.push('  ./dura --help', '');
  for (const line of lines) steps.line(line);
}

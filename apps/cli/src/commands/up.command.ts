/** `dura up`: from a machine with Node to a cloud with a first virtual machine. */
import { existsSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { TINY_IMAGE_PACKAGES } from '@durastack/drivers/image/tiny-image';
import { privateLibvirtSocket } from '@durastack/drivers/libvirt/private-libvirtd';
import { ensureAdminKeys } from '@durastack/store/seed';
import { DurastackError } from '@durastack/contracts/errors';
import { saveAdminAccess } from '../api/admin-access.js';
import { ApiClient } from '../api/api-client.js';
import { FirstCloud, newEnrolToken } from '../first-cloud/first-cloud.js';
import { ensureImage } from '../first-cloud/image.js';
import { ensureFirstVm, findFirstVm, FIRST_VM, type FirstVm } from '../first-cloud/first-vm.js';
import { homeDirectory, prepareHome, requireFreeSpace, type Home } from '../instance/home.js';
import { InstanceFile } from '../instance/instance-file.js';
import { endMachines, removeNetworks } from '../instance/remains.js';
import { InstanceStart, type StartWishes } from '../instance/start.js';
import { withHomeLock } from '../instance/with-lock.js';
import { INSTANCE_PACKAGES, installPackages } from '../parts/debian-packages.js';
import { mariadbUrl } from '../parts/mariadb.js';
import { agentPlaces, instanceUrls } from '../parts/node-apps.js';
import { workflowPage } from '../parts/temporal-server.js';
import { Steps } from '../system/steps.js';
import { parsePort, parseWords } from './arguments.js';

const INTERRUPTED = 130;
const INTERRUPTED_WAIT_MS = 3_000;
/** Database, image, first machine and logs take some 600 MiB; a running instance needs room to write. */
const FIRST_START_MIB = 1_024;
const LATER_START_MIB = 128;

/** Starts what is not running and makes what is missing. @returns exit code */
export async function upCommand(words: readonly string[]): Promise<number> {
  const { wishes, withVm } = parseWishes(words);
  const home = prepareHome(homeDirectory());
  return withHomeLock(home, () => up(home, wishes, withVm));
}

function parseWishes(words: readonly string[]): { wishes: StartWishes; withVm: boolean } {
  const { values } = parseWords('up', words, {
    'api-port': { type: 'string' },
    'temporal-ui-port': { type: 'string' },
    listen: { type: 'string' },
    'no-vm': { type: 'boolean' },
  });
  const { env } = process;
  const api = parsePort(values['api-port'], '--api-port') ?? parsePort(env['DURASTACK_API_PORT'], 'DURASTACK_API_PORT');
  const temporalUi =
    parsePort(values['temporal-ui-port'], '--temporal-ui-port') ??
    parsePort(env['DURASTACK_TEMPORAL_UI_PORT'], 'DURASTACK_TEMPORAL_UI_PORT');
  const listen = values.listen ?? env['DURASTACK_LISTEN'];
  const ports = { ...(api === undefined ? {} : { api }), ...(temporalUi === undefined ? {} : { temporalUi }) };
  return { wishes: { ports, ...(listen ? { listen } : {}) }, withVm: values['no-vm'] !== true };
}

async function up(home: Home, wishes: StartWishes, withVm: boolean): Promise<number> {
  const steps = new Steps();
  const file = InstanceFile.open(home);
  if (file.state.kind === 'lab') {
    throw new DurastackError('INVALID_INPUT', `${home.root} holds a lab; "dura lab up" starts it.`);
  }
  const isFirst = file.state.firstCloudAt === undefined;
  const start = new InstanceStart(file, steps, wishes);
  const interruption = interrupted();
  const work = bringUp(file, start, steps, withVm);
  try {
    const vm = await Promise.race([work, interruption.promise]);
    printSummary(file, steps, vm);
    return 0;
  } catch (error) {
    if (start.startedParts.length > 0) steps.line('Stopping what was started...');
    await start.undo();
    if (isFirst) {
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

async function bringUp(
  file: InstanceFile,
  start: InstanceStart,
  steps: Steps,
  withVm: boolean,
): Promise<FirstVm | undefined> {
  const { home } = file;
  requireFreeSpace(home, file.state.firstCloudAt === undefined ? FIRST_START_MIB : LATER_START_MIB);
  // From here on the directory is an instance, which `destroy` can remove.
  file.update({});
  await steps.run('Debian packages', async (note) => {
    const installed = await installPackages([...new Set([...INSTANCE_PACKAGES, ...TINY_IMAGE_PACKAGES])]);
    note(installed.length === 0 ? 'all there' : `${installed.length} installed`);
  });
  const agent = agentPlaces(home, privateLibvirtSocket(home.libvirt));
  if (file.state.firstCloudAt === undefined && !existsSync(agent.enrolTokenFile)) {
    writeFileSync(agent.enrolTokenFile, newEnrolToken(), { mode: 0o600 });
  }
  if (file.state.firstCloudAt !== undefined) {
    await start.run();
    return findFirstVm(await adminClient(file));
  }
  const building = new AbortController();
  // Mostly downloads, so it goes on beside the start; awaited where it is needed.
  const image = steps.run('Image of a small Linux', () => ensureImage(home.cache, building.signal));
  image.catch(() => undefined);
  try {
    await start.run();
    const api = await adminClient(file);
    const basis = await new FirstCloud(file, api, steps, agent).prepare(image);
    const vm = withVm ? await ensureFirstVm(api, steps, basis) : undefined;
    if (vm?.jobId !== undefined) file.update({ firstDeployJobId: vm.jobId });
    file.update({ firstCloudAt: new Date().toISOString() });
    return vm;
  } finally {
    building.abort();
  }
}

/** The API as the administrator, whose keys are made on the first call and kept in the home. */
async function adminClient(file: InstanceFile): Promise<ApiClient> {
  const { home } = file;
  const keys = await ensureAdminKeys(mariadbUrl(home.mariadb), home.dataKeyFile);
  const access = { url: instanceUrls(file).api, ...keys };
  saveAdminAccess(home, access);
  return new ApiClient(access);
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
  const lines = [
    '',
    `Up in ${steps.seconds.toFixed(1)} s.`,
    '',
    `  API            ${urls.api}  (keys: ${home.adminFile}, or eval "$(./dura env)")`,
    `  API docs       ${urls.apiDocs}`,
    `  Temporal UI    ${urls.temporalUi}`,
  ];
  if (vm !== undefined) {
    const jobId = file.state.firstDeployJobId;
    if (jobId !== undefined) lines.push(`  its deploy     ${workflowPage(urls.temporalUi, `${jobId}-1`)}`);
    lines.push(`  Machine        ${FIRST_VM} at ${vm.address}, ${vm.state}`);
    lines.push(`                 ssh -i ${home.sshKeyFile} -o StrictHostKeyChecking=accept-new root@${vm.address}`);
  }
  lines.push('', 'Try next:', '  ./dura status', '  ./dura api listVirtualMachines');
  if (vm !== undefined) lines.push(`  ./dura api stopVirtualMachine id=${vm.id}`);
  lines.push('  ./dura --help', '');
  for (const line of lines) steps.line(line);
}

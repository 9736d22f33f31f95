/** `dura lab up`: the control plane as `dura up` starts it, and hosts of its own. */
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { probeAccelerator } from '@durastack/drivers/libvirt/accelerator';
import { DurastackError } from '@durastack/contracts/errors';
import { adminClient } from '../api/admin-client.js';
import type { ApiClient } from '../api/api-client.js';
import { findFreeSubnet } from '../first-cloud/free-subnet.js';
import { ensureImage } from '../first-cloud/image.js';
import { requireFreeSpace, SHARED_CACHE, type Home } from '../instance/home.js';
import { InstanceFile } from '../instance/instance-file.js';
import { InstanceStart } from '../instance/start.js';
import { installPackages } from '../parts/debian-packages.js';
import { ensureTemporalBinary } from '../parts/temporal-binary.js';
import type { Steps } from '../system/steps.js';
import { startBmc } from './bmc/bmc.js';
import { CEPH_PACKAGES, startCeph, type LabCeph } from './ceph/ceph.js';
import { all, LabCloud } from './cloud.js';
import { ensureDisks } from './disks.js';
import { joinStorage, makeFabric } from './fabric.js';
import { powerOn } from './host/power.js';
import { makeKey, prepareHost } from './host/prepare.js';
import { Lab, labPlaces } from './lab-file.js';
import { MOST_HOSTS, planCeph } from './lab-plan.js';
import { fillLibvirtCache } from './libvirt-cache.js';
import { LAB_PACKAGES } from './packages.js';

const NEEDED_MIB = 2_048;

/** What is wished of a lab. */
export interface LabWishes {
  /** How many hosts; those of an earlier start when absent. */
  readonly hosts?: number;
  /** Also a small Ceph cluster, and a pool on it; a lab that has one keeps it. */
  readonly ceph?: boolean;
  /** Also a pool on a FUSE file system of each host, which can be stopped; a lab that has one keeps it. */
  readonly fuse?: boolean;
}

/**
 * Makes what is missing and starts what does not run.
 *
 * @param home prepared, its lock held by the caller
 * @returns the lab
 */
export async function labUp(home: Home, wishes: LabWishes, steps: Steps): Promise<Lab> {
  const file = InstanceFile.open(home);
  if (file.state.kind !== 'lab' && existsSync(home.instanceFile)) {
    const message = `${home.root} holds an instance of "dura up"; set DURASTACK_HOME to another directory.`;
    throw new DurastackError('CONFLICT', message);
  }
  requireFreeSpace(home, NEEDED_MIB);
  // From here on the directory is a lab, which "lab down" can remove.
  file.update({ kind: 'lab' });
  await steps.run('Debian packages', async (note) => {
    const withCeph = wishes.ceph === true || Lab.open(home)?.state.ceph === true;
    const installed = await installPackages([...LAB_PACKAGES, ...(withCeph ? CEPH_PACKAGES : [])]);
    note(installed.length === 0 ? 'all there' : `${installed.length} installed`);
  });
  const lab = await describe(home, wishes);
  file.update({ listen: lab.state.subnet.gateway });
  await makeFabric(home.name, lab.state.subnet);
  const image = steps.run('Image of a small Linux', () => ensureImage(SHARED_CACHE));
  image.catch(() => undefined);
  const ceph = lab.state.ceph ? steps.run('Ceph', () => startLabCeph(lab)) : Promise.resolve(undefined);
  await all([startControlPlane(file, steps), startHosts(lab, steps), image, ceph]);
  await furnish(lab, await adminClient(file), steps, { image: await image, ceph: await ceph });
  file.update({ firstCloudAt: file.state.firstCloudAt ?? new Date().toISOString() });
  return lab;
}

async function describe(home: Home, wishes: LabWishes): Promise<Lab> {
  const known = Lab.open(home);
  const count = wishes.hosts ?? known?.state.hosts.length ?? 3;
  if (count < 1 || count > MOST_HOSTS) {
    throw new DurastackError('INVALID_INPUT', `--hosts is ${count}; give 1 to ${MOST_HOSTS}.`);
  }
  const before = known?.state.hosts ?? [];
  if (count < before.length) {
    const message = `The lab has ${before.length} hosts; for fewer, take it down first (dura lab down).`;
    throw new DurastackError('CONFLICT', message);
  }
  const added = Array.from({ length: count - before.length }, (_, i) => before.length + i + 1);
  const hosts = [...before, ...added.map((index) => ({ index, uuid: randomUUID() }))];
  const ceph = wishes.ceph === true || known?.state.ceph === true;
  const fuse = wishes.fuse === true || known?.state.fuse === true;
  if (known === undefined) return Lab.begin(home, { subnet: await findFreeSubnet(home.name), hosts, ceph, fuse });
  known.update({ hosts, ceph, fuse });
  return known;
}

/** On the storage network alone, so that it can be cut off from a host that goes on answering. */
async function startLabCeph({ home }: Lab): Promise<LabCeph> {
  const { namespace, cable } = planCeph(home.name);
  await joinStorage(home.name, cable, namespace);
  return startCeph({ directory: labPlaces(home).ceph, address: cable.address, networkNamespace: namespace });
}

/** Starts what of the control plane does not run. The caller holds the home's lock. */
export async function startControlPlane(file: InstanceFile, steps: Steps): Promise<void> {
  // Found here by the start, which would fetch it into the lab's own folder.
  const { path } = await ensureTemporalBinary(SHARED_CACHE);
  const start = new InstanceStart(file, steps, { ports: {}, temporalBinary: path });
  try {
    await start.run();
  } catch (error) {
    await start.undo();
    throw error;
  }
}

async function startHosts(lab: Lab, steps: Steps): Promise<void> {
  const places = labPlaces(lab.home);
  for (const name of ['direct', 'fuse', 'images']) mkdirSync(join(places.shared, name), { recursive: true });
  if (await ensureDisks(places.hosts))
    steps.line("note: the hosts' disks are in memory; they do not survive a restart.");
  const [accelerator] = await Promise.all([
    probeAccelerator({ dir: lab.home.cache }),
    steps.run("libvirt's knowledge of emulators", () =>
      fillLibvirtCache(join(SHARED_CACHE, 'libvirt'), places.libvirtCache),
    ),
    ...(existsSync(lab.home.sshKeyFile) ? [] : [makeKey(lab.home.sshKeyFile, 'dura-lab')]),
  ]);
  await all(
    lab.hosts.map((host) =>
      steps.run(`Host ${host.plan.name}`, async (note) => {
        await prepareHost(lab, host, accelerator);
        await powerOn(host);
        await startBmc(lab, host);
        note(host.plan.cables.management.address);
      }),
    ),
  );
}

async function furnish(
  lab: Lab,
  api: ApiClient,
  steps: Steps,
  { image, ceph }: { image: string; ceph: LabCeph | undefined },
): Promise<void> {
  const cloud = new LabCloud(lab, api, steps);
  const place = await steps.run('Zone, pod, cluster', () => cloud.place());
  await cloud.hosts(place);
  await steps.run('Storage pools and image store', () => cloud.storage(place));
  if (lab.state.fuse) await steps.run('Storage pool on FUSE', () => cloud.fuseStorage(place));
  if (ceph !== undefined) await steps.run('Storage pool on Ceph', () => cloud.cephStorage(place, ceph));
  await all([
    steps.run('Template', () => cloud.template(place, image)),
    steps.run('Network', () => cloud.network(place)),
    cloud.keyPair(),
  ]);
}

/** `dura lab down`: ends everything of the lab and removes it, also after a crash. */
import { existsSync } from 'node:fs';
import { removeHome, type Home } from '../instance/home.js';
import { InstanceFile, PART_NAMES } from '../instance/instance-file.js';
import { identify, killProcess } from '../instance/processes.js';
import { stopParts } from '../instance/stop.js';
import { processIds, readOfProcess } from '../system/proc.js';
import { run } from '../system/run.js';
import type { Steps } from '../system/steps.js';
import { stopCeph } from './ceph/ceph.js';
import { releaseDisks } from './disks.js';
import { deleteNamespace, namespacesOf, removeFabric } from './fabric.js';
import { powerOff } from './host/power.js';
import { Lab, labPlaces } from './lab-file.js';

/** Ends and removes it. The caller holds the home's lock. */
export async function labDown(home: Home, steps: Steps): Promise<void> {
  const lab = Lab.open(home);
  await Promise.all([
    steps.run('Control plane', async (note) => {
      const stopped = await stopParts(InstanceFile.open(home), PART_NAMES);
      note(stopped.length === 0 ? 'did not run' : `${stopped.join(', ')} stopped`);
    }),
    steps.run('Hosts', async (note) => {
      const hosts = lab?.hosts ?? [];
      await Promise.all(Object.values(lab?.state.processes ?? {}).map((process) => killProcess(process)));
      await Promise.all(hosts.map((host) => powerOff(host)));
      note(`${hosts.length} switched off`);
      // After the hosts: their machines write to it to the end.
      if (existsSync(labPlaces(home).ceph)) await stopCeph(labPlaces(home).ceph);
    }),
  ]);
  await steps.run('Networks', async () => {
    for (const name of await namespacesOf(home.name)) await endNamespace(name);
    await removeFabric(home.name);
  });
  await endStragglers(home);
  await releaseDisks(labPlaces(home).hosts);
  await steps.run(`Directory ${home.root}`, async (note) => {
    removeHome(home);
    note('removed');
  });
}

/**
 * What a killed `lab up` was just running: processes that nobody waits for, with a file of the lab among their
 * arguments. A person's shell, editor or pager has a parent.
 */
async function endStragglers(home: Home): Promise<void> {
  for (const pid of processIds().filter((one) => one !== process.pid)) {
    const found = identify(pid);
    const words = (readOfProcess(pid, 'cmdline') ?? '').split('\0');
    const isOurs = words.some((word) => [home.root, home.work].some((path) => word.includes(`${path}/`)));
    if (isOurs && isOrphan(pid) && found !== undefined) await killProcess(found);
  }
}

const isOrphan = (pid: number): boolean => /^PPid:\s+1$/m.test(readOfProcess(pid, 'status') ?? '');

/** A program that died between starting a process and writing it down leaves it in a namespace of the lab's name. */
async function endNamespace(name: string): Promise<void> {
  const { stdout } = await run('ip', ['netns', 'pids', name]);
  for (const pid of stdout.split('\n').filter((line) => line !== '')) {
    const found = identify(Number(pid));
    if (found !== undefined) await killProcess(found);
  }
  await deleteNamespace(name);
}

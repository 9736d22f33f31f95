/** From "there shall be this disk" to the disk, over a template that the pool has: a directory, and Ceph RBD. */
import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { PoolSpec } from '@durastack/contracts/agent/specs';
import type { VerbContext } from '@durastack/drivers/driver';
import { PoolDrivers } from '@durastack/drivers/pool/pool-drivers';
import { hostShell } from '@durastack/drivers/process/host-shell';
import { run } from '@durastack/drivers/process/run';
import { startCephFixture } from '@durastack/drivers/rbd/ceph-fixture';
import { makeScratch, onInterruption } from '../../support/interruption.js';
import { timeFigures, type CaseReport } from '../report.js';
import type { Scenario } from '../scenario.js';

const MIB = 2 ** 20;
const GOAL_MS = 300;
const TEMPLATE_BYTES = 64 * MIB;
const LARGER_BYTES = 1024 * MIB;

/** See the module's head. */
export const scenario: Scenario = {
  name: 'volume',
  summary:
    'a disk over a template that is on the pool already, as large as it and larger: in a directory and on Ceph RBD',
  async run({ count = 100, tiny, simulator, onCase }) {
    const { directory, remove } = makeScratch('dura-bv-');
    const disks = tiny ? 2 : count;
    try {
      onCase(await inDirectory(directory, disks));
      if (!simulator) onCase(await onCeph(directory, disks));
    } finally {
      remove();
    }
  },
};

interface Bed {
  readonly title: string;
  readonly count: number;
  /** For the image store and the host's own files. */
  readonly directory: string;
  readonly pool: PoolSpec;
  readonly secret?: string;
  readonly networkNamespace?: string;
}

const context: VerbContext = { signal: new AbortController().signal, progress: () => undefined };

function inDirectory(directory: string, count: number): Promise<CaseReport> {
  const path = join(directory, 'pool');
  return measure({ title: 'a directory', count, directory, pool: { id: randomUUID(), kind: 'directory', path } });
}

async function onCeph(directory: string, count: number): Promise<CaseReport> {
  const networkNamespace = `dura-bv-${process.pid.toString(36)}`;
  await run('ip', ['netns', 'add', networkNamespace]);
  const starting = startCephFixture(networkNamespace);
  const end = async (): Promise<void> => {
    forget();
    await starting.then((cluster) => cluster.end()).finally(() => run('ip', ['netns', 'delete', networkNamespace]));
  };
  const forget = onInterruption(end);
  try {
    const cluster = await starting;
    const bed = { count, directory, pool: cluster.pool(), secret: cluster.ceph.key, networkNamespace };
    return await measure({ title: 'Ceph RBD with one OSD', ...bed });
  } finally {
    await end();
  }
}

async function measure({ title, count, directory, pool, secret, networkNamespace }: Bed): Promise<CaseReport> {
  const secrets = { ensure: async () => undefined, ensureGone: async () => undefined };
  const stateDir = join(directory, `host-${pool.kind}`);
  const verbs = new PoolDrivers({ stateDir, secrets, shell: hostShell(networkNamespace) }).verbs();
  const templateId = randomUUID();
  const store = { id: randomUUID(), path: join(directory, `store-${pool.kind}`) };
  mkdirSync(store.path);
  const image = join(store.path, `${templateId}.qcow2`);
  await run('qemu-img', ['create', '-q', '-f', 'qcow2', image, `${TEMPLATE_BYTES}`]);
  await verbs.ensurePool({ pool, ...(secret === undefined ? {} : { secret }) }, context);
  await verbs.ensureTemplateOnPool({ templateId, store, pool }, context);
  const timesOf = async (sizeBytes: number): Promise<number[]> => {
    const times: number[] = [];
    for (let made = 0; made < count; made += 1) {
      const volume = { id: randomUUID(), pool, sizeBytes, templateId };
      const began = performance.now();
      await verbs.ensureVolume({ volume }, context);
      times.push(performance.now() - began);
      await verbs.ensureVolumeGone({ volumeId: volume.id, pool }, context);
    }
    return times;
  };
  // The first of each kind pays for what is remembered.
  const [[, ...same], [, ...larger]] = [await timesOf(TEMPLATE_BYTES), await timesOf(LARGER_BYTES)];
  return {
    scenario: 'volume',
    title: `${count} disks of each size over a template on ${title}, one after the other`,
    figures: [
      ...timeFigures('ready, as large as the template', same, { p99: { atMost: GOAL_MS } }),
      ...timeFigures('ready, larger', larger, { p99: { atMost: GOAL_MS } }),
    ],
    counts: { disks: 2 * count },
    notes: [],
  };
}

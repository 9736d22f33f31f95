/** A running machine's disk goes to another pool: by the agent's verbs, and by a plain `virsh blockcopy`, by turns. */
import { randomBytes, randomUUID } from 'node:crypto';
import { appendFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DirectoryPoolSpec } from '@durastack/contracts/agent/specs';
import { DurastackError, invariant } from '@durastack/contracts/errors';
import { volumePath } from '@durastack/drivers/directory-pool/paths';
import type { HostDriver, VerbContext } from '@durastack/drivers/driver';
import { bootDisk } from '@durastack/drivers/libvirt/boot-sector';
import { createLibvirtDriver } from '@durastack/drivers/libvirt/driver';
import { startLibvirtdFixture, type LibvirtdFixture } from '@durastack/drivers/libvirt/libvirtd-fixture';
import { vmOf } from '@durastack/drivers/libvirt/vm-fixture';
import { run } from '@durastack/drivers/process/run';
import { onInterruption } from '../../support/interruption.js';
import { quantile, type CaseReport } from '../report.js';
import type { Scenario } from '../scenario.js';

const MIB = 2 ** 20;
const GOAL = 0.9;
const COPY_LIMIT_MS = 600_000;

/** See the module's head. */
export const scenario: Scenario = {
  name: 'move-volume',
  summary: "throughput of moving a running machine's disk, beside a plain blockcopy of the same disk",
  async run({ count = 5, tiny, onCase }) {
    onCase(await measure(tiny ? { count: 1, sizeMib: 8 } : { count, sizeMib: 1024 }));
  },
};

interface Bed {
  readonly libvirtd: LibvirtdFixture;
  readonly driver: HostDriver;
  readonly from: DirectoryPoolSpec;
  readonly to: DirectoryPoolSpec;
  /** A disk of random bytes, to be copied for each machine. */
  readonly image: string;
  readonly sizeBytes: number;
}

const context: VerbContext = { signal: new AbortController().signal, progress: () => undefined };

async function measure({ count, sizeMib }: { count: number; sizeMib: number }): Promise<CaseReport> {
  const bed = await makeBed(sizeMib);
  const end = async (): Promise<void> => {
    forget();
    await bed.driver.stop();
    await bed.libvirtd.end();
  };
  const forget = onInterruption(end);
  const pairs: { oursMs: number; plainMs: number }[] = [];
  try {
    // The first of its kind pays for caches.
    await moveOnce(bed, 'ours');
    while (pairs.length < count) {
      const plainFirst = pairs.length % 2 === 0;
      const firstMs = await moveOnce(bed, plainFirst ? 'plain' : 'ours');
      const secondMs = await moveOnce(bed, plainFirst ? 'ours' : 'plain');
      pairs.push(plainFirst ? { plainMs: firstMs, oursMs: secondMs } : { plainMs: secondMs, oursMs: firstMs });
    }
  } finally {
    await end();
  }
  const rate = (times: readonly number[]): number => (sizeMib * 1_000) / quantile(times, 0.5);
  const ratios = pairs.map(({ oursMs, plainMs }) => plainMs / oursMs);
  return {
    scenario: 'move-volume',
    title: `${count} disks of ${sizeMib} MiB between two directories of one machine`,
    figures: [
      { name: 'throughput', value: rate(pairs.map(({ oursMs }) => oursMs)), unit: 'MiB/s' },
      { name: 'plain blockcopy', value: rate(pairs.map(({ plainMs }) => plainMs)), unit: 'MiB/s' },
      { name: 'ratio to plain', value: quantile(ratios, 0.5), unit: '', goal: { atLeast: GOAL } },
    ],
    counts: { moves: count, pairs: pairs.length },
    notes: [`Ratios of the pairs: ${ratios.map((ratio) => ratio.toFixed(2)).join(', ')}.`],
  };
}

const refuse = (): never => {
  throw new DurastackError('BUG', 'This scenario fetches no images.');
};

async function makeBed(sizeMib: number): Promise<Bed> {
  const libvirtd = await startLibvirtdFixture();
  const driver = createLibvirtDriver({
    ...{ socketPath: libvirtd.socketPath, stateDir: join(libvirtd.dir, 'state'), instance: libvirtd.instance },
    ...{
      networkNamespace: libvirtd.networkNamespace,
      accelerator: 'tcg',
      images: { fetchImage: refuse, ensureImageGone: refuse },
    },
  });
  const pool = (name: string): DirectoryPoolSpec => ({
    id: randomUUID(),
    kind: 'directory',
    path: join(libvirtd.dir, name),
  });
  const [from, to] = [pool('from'), pool('to')];
  for (const one of [from, to]) await driver.verbs.ensurePool({ pool: one }, context);
  const raw = join(libvirtd.dir, 'disk.raw');
  writeFileSync(raw, bootDisk('moving\r\n'));
  for (let written = 1; written < sizeMib; written += 1) appendFileSync(raw, randomBytes(MIB));
  const image = join(libvirtd.dir, 'disk.qcow2');
  await run('qemu-img', ['convert', '-f', 'raw', '-O', 'qcow2', raw, image]);
  rmSync(raw);
  return { libvirtd, driver, from, to, image, sizeBytes: sizeMib * MIB };
}

/** Makes a machine, moves its disk and removes both. @returns milliseconds of the move alone */
async function moveOnce({ libvirtd, driver, from, to, image, sizeBytes }: Bed, how: 'ours' | 'plain'): Promise<number> {
  const volume = { id: randomUUID(), pool: from, sizeBytes };
  const target = { ...volume, pool: to };
  const { verbs } = driver;
  await run('cp', [image, volumePath(volume)]);
  const vm = vmOf({ instance: libvirtd.instance, volume, networks: [], host: 10 });
  await verbs.ensureVmRunning({ vm }, context);
  await run('sync', []);
  const began = performance.now();
  if (how === 'ours') {
    const copy = { copyId: randomUUID(), volume, target, vmId: vm.id };
    const { mirrored } = await verbs.copyVolume(copy, context);
    invariant(mirrored, 'The machine was to run while its disk was moved.');
    await verbs.switchVolume(copy, context);
  } else {
    const to = ['--dest', volumePath(target), '--format', 'qcow2', '--transient-job', '--wait', '--pivot'];
    const uri = `qemu+unix:///system?socket=${libvirtd.socketPath}`;
    await run('virsh', ['-c', uri, 'blockcopy', vm.domainName, 'vda', ...to], { timeoutMs: COPY_LIMIT_MS });
  }
  const tookMs = performance.now() - began;
  await verbs.ensureVmGone({ vmId: vm.id }, context);
  for (const pool of [from, to]) await verbs.ensureVolumeGone({ volumeId: volume.id, pool }, context);
  return tookMs;
}

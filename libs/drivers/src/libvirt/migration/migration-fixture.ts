/** Two private libvirtds on this machine, each in a network namespace of its own, for specs of migration. */
import { createHash } from 'node:crypto';
import { copyFile, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DirectoryPoolSpec, NetworkSpec, RbdPoolSpec } from '@durastack/contracts/agent/specs';
import { DurastackError } from '@durastack/contracts/errors';
import type { MigrationSubject } from '../../conformance/migration-scene.js';
import { run } from '../../process/run.js';
import { createLibvirtDriver } from '../driver.js';
import { startLibvirtdFixture, type LibvirtdFixture } from '../libvirtd-fixture.js';
import { makeDisc, makePool, networkOf, vmOf, volumeOf } from '../vm-fixture.js';

/** Less than the fixture's machine has. */
const BUSY_MIB = 24;

/** As long as a guest may take to print something. */
const SPEAKS_WITHIN_MS = 30_000;
const LOOK_EVERY_MS = 100;

const refuse = (): never => {
  throw new DurastackError('BUG', 'This spec has no images');
};

/** A real Ceph cluster. */
interface Cluster {
  readonly ceph: { readonly key: string };
  pool(): RbdPoolSpec;
  /** As its administrator. */
  admin(tool: 'rbd', ...args: string[]): Promise<string>;
  end(): Promise<void>;
}

/**
 * Both over one directory, and each with a pool of its own.
 *
 * @param startCluster in the destination's network, where the source does not reach it: the destination's own pool is on
 *   it. Absent: a directory
 */
export async function makeMigrationSubject(
  startCluster?: (networkNamespace: string) => Promise<Cluster>,
): Promise<MigrationSubject> {
  const fixtures = [await startLibvirtdFixture(), await startLibvirtdFixture()] as const;
  const [one, other] = fixtures;
  const { instance } = one;
  const template = await makePool(one.dir);
  const shared = { ...template, pool: { ...template.pool, kind: 'shared-mount-point' as const } };
  const cluster = await startCluster?.(other.networkNamespace);
  const ownPools = {
    source: (await makePool(one.dir)).pool,
    destination: cluster?.pool() ?? (await makePool(other.dir)).pool,
  };
  const busyTemplate = await makePool(one.dir, { busyUntilMib: BUSY_MIB });
  const busyShared = { ...busyTemplate, pool: { ...busyTemplate.pool, kind: 'shared-mount-point' as const } };
  const base = join('templates', `${template.templateId}.qcow2`);
  await copyFile(join(template.pool.path, base), join(ownPools.source.path, base));
  const networks: NetworkSpec[] = [networkOf(instance, 1)];
  const makeDriver = ({ socketPath, networkNamespace, dir }: LibvirtdFixture) =>
    createLibvirtDriver({
      ...{ socketPath, networkNamespace, instance, stateDir: join(dir, 'state') },
      ...{ accelerator: 'tcg', images: { fetchImage: refuse, ensureImageGone: refuse } },
    });
  const [source, destination] = [makeDriver(one), makeDriver(other)];
  for (const driver of [source, destination]) await driver.start(() => undefined);
  if (cluster) await destination.verbs.ensurePool({ pool: ownPools.destination, secret: cluster.ceph.key }, context());
  let nextHost = 10;
  const disc = await makeDisc(one.dir);
  const vmOver = (over: typeof shared) => ({
    ...vmOf({ instance, volume: volumeOf(over), networks, host: nextHost++ }),
    disc,
  });
  return {
    source,
    destination,
    ownPools,
    digest: ({ id, pool }) =>
      cluster && pool.kind === 'rbd'
        ? digestOfImage(cluster, { image: `${pool.pool}/volume-${id}`, path: join(one.dir, `${id}.raw`) })
        : digestOf(join((pool as DirectoryPoolSpec).path, 'volumes', `${id}.qcow2`)),
    makeVm: () => vmOver(shared),
    makeBusyVm: () => vmOver(busyShared),
    expectIntact: ({ id }) => expectIntact(id, fixtures),
    close: async () => {
      for (const driver of [source, destination]) {
        for (const { id } of networks) await driver.verbs.ensureNetworkGone({ networkId: id }, context());
        await driver.stop();
      }
      await cluster?.end();
      for (const fixture of fixtures) await fixture.end();
    },
  };
}

/** A busy guest prints on, and has never printed what it prints when its memory is not what it was. */
async function expectIntact(vmId: string, [from, to]: readonly [LibvirtdFixture, LibvirtdFixture]): Promise<void> {
  const log = async (at: LibvirtdFixture) =>
    readFile(join(at.dir, 'state', 'vms', vmId, 'serial.log'), 'latin1').catch(() => '');
  const before = (await log(to)).length;
  const deadline = Date.now() + SPEAKS_WITHIN_MS;
  while ((await log(to)).length <= before) {
    if (Date.now() > deadline) throw new DurastackError('TIMEOUT', `The guest ${vmId} says nothing any more.`);
    await sleep(LOOK_EVERY_MS);
  }
  const said = `${await log(from)} ${await log(to)}`;
  if (said.includes('X'))
    throw new DurastackError('CONFLICT', `The guest ${vmId} has lost memory: ${said.slice(-200)}`);
}

const context = () => ({ signal: new AbortController().signal, progress: () => undefined });

async function digestOf(path: string): Promise<string> {
  const raw = `${path}.raw`;
  await run('qemu-img', ['convert', '-U', '-f', 'qcow2', '-O', 'raw', path, raw]);
  const hash = createHash('sha256').update(await readFile(raw));
  await rm(raw);
  return hash.digest('hex');
}

async function digestOfImage({ admin }: Cluster, { image, path }: { image: string; path: string }): Promise<string> {
  await admin('rbd', 'export', '--no-progress', image, path);
  const hash = createHash('sha256').update(await readFile(path));
  await rm(path);
  return hash.digest('hex');
}

/** One look at a volume that is being moved, on its host. */
import type { VolumeSpec } from '@durastack/contracts/agent/specs';
import type { VerbParams } from '@durastack/contracts/agent/verbs';
import { invariant } from '@durastack/contracts/errors';
import type { DiskSource } from '../../pool-driver.js';
import type { CopyFacts } from '../../volume-copy/judge-copy.js';
import { diskSerial } from '../disk-xml.js';
import type { LibvirtHost } from '../libvirt-host.js';
import { blockJob, type BlockJob } from '../rpc/block-jobs.js';
import type { Domain } from '../rpc/client.js';
import { isAt, readDefinition, type DescribedDisk } from './disk-definition.js';

/** Parameters of the three verbs. */
export type VolumeCopy = VerbParams<'copyVolume'>;

/** The running machine's disk. */
export interface LiveDisk {
  readonly domain: Domain;
  /** Its target name in the definition, e.g. `vda`. */
  readonly dev: string;
  readonly job: BlockJob | undefined;
}

/** What was seen. */
export interface CopyScene {
  readonly facts: CopyFacts;
  /** Present while the machine runs and has the volume. */
  readonly live: LiveDisk | undefined;
  readonly places: { readonly source: DiskSource; readonly target: DiskSource };
}

/** Looks. */
export async function lookAtCopy(host: LibvirtHost, copy: VolumeCopy): Promise<CopyScene> {
  const { volume, target, vmId } = copy;
  const places = { source: host.pools.diskSource(volume), target: host.pools.diskSource(target) };
  const domain = vmId === undefined ? undefined : await host.domains.find(vmId);
  const power = await host.domains.power(domain);
  const live =
    domain && (power === 'running' || power === 'paused')
      ? await lookAtLive(host, domain, { copy, places })
      : undefined;
  const [sourceExists, targetExists] = await Promise.all([exists(host, volume), exists(host, target)]);
  const defined = domain !== undefined && (await isDefined(host, domain, { copy, place: places.target }));
  const facts: CopyFacts = {
    active: live?.active ?? 'off',
    defined,
    job: live?.state ?? 'none',
    sourceExists,
    targetExists,
  };
  return { facts, live: live?.disk, places };
}

interface Seen {
  readonly active: CopyFacts['active'];
  readonly state: CopyFacts['job'];
  readonly disk: LiveDisk | undefined;
}

async function lookAtLive(
  host: LibvirtHost,
  domain: Domain,
  { copy, places }: { copy: VolumeCopy; places: CopyScene['places'] },
): Promise<Seen> {
  const { disks } = readDefinition(await host.client.presentXml(domain));
  const serial = diskSerial(copy.volume.id);
  const disk = disks.find(
    (one) => one.serial === serial || isAt(one.source, places.source) || isAt(one.source, places.target),
  );
  if (!disk) return { active: 'neither', state: 'none', disk: undefined };
  const dev = disk.target['@dev'];
  const job = await blockJob(host.client, domain, dev);
  const active = isAt(disk.source, places.target) ? 'target' : isAt(disk.source, places.source) ? 'source' : 'neither';
  return { active, state: stateOf(disk, job, places.target), disk: { domain, dev, job } };
}

function stateOf({ mirror }: DescribedDisk, job: BlockJob | undefined, target: DiskSource): CopyFacts['job'] {
  if (!mirror && !job) return 'none';
  if (!mirror || !isAt(mirror.source, target) || job?.isCopy === false) return 'foreign';
  return mirror['@ready'] === 'yes' && job ? 'in-step' : 'mirroring';
}

async function isDefined(
  host: LibvirtHost,
  domain: Domain,
  { copy, place }: { copy: VolumeCopy; place: DiskSource },
): Promise<boolean> {
  const { disks, copyId } = readDefinition(await host.client.inactiveXml(domain));
  return copyId === copy.copyId && disks.some(({ source }) => isAt(source, place));
}

async function exists(host: LibvirtHost, { id, pool }: VolumeSpec): Promise<boolean> {
  return (await host.pools.of(pool).listVolumes(pool)).includes(id);
}

/** The live disk of a verdict that is only given while the machine runs. */
export function liveDisk({ live }: CopyScene): LiveDisk {
  invariant(live, 'A copy was judged to be under way in a machine that does not run.');
  return live;
}

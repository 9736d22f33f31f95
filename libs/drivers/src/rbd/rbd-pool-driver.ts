/** Pools on Ceph RBD. */
import { randomUUID } from 'node:crypto';
import type { RbdPoolSpec } from '@durastack/contracts/agent/specs';
import { DurastackError, isDurastackError } from '@durastack/contracts/errors';
import type { DiskSource, PoolDriver, SecretKeeper, VolumeOn } from '../pool-driver.js';
import type { HostShell } from '../process/host-shell.js';
import { callCeph, poolSilent, toolName, type CephCaller } from './ceph-tool.js';
import { PoolSizes, readPoolSize } from './pool-sizes.js';
import type { RbdAccess, RbdAccesses } from './rbd-access.js';
import { rbdBeats } from './rbd-beats.js';
import { imageSpec, listImages, readClients, readImage, removeImage, volumeImage } from './rbd-images.js';
import { baseBytes, ensureRbdTemplate, removeRbdTemplate } from './rbd-templates.js';
import { ensureRbdVolume, growRbdVolume, removeRbdVolume, type KnownBases } from './rbd-volumes.js';

const QEMU_TRIAL_MS = 25_000;

/** What {@link createRbdPoolDriver} works with. */
export interface RbdPoolDriverParts {
  readonly accesses: RbdAccesses;
  readonly secrets: SecretKeeper;
  /** Where Ceph's tools run. */
  readonly shell: HostShell;
}

/** What a host's RBD pools have in common. */
class Host {
  readonly bases = knownBases();
  readonly sizes = new PoolSizes(async (pool) => readPoolSize(await this.callerOf(pool)));

  constructor(readonly parts: RbdPoolDriverParts) {}

  async callerOf(pool: RbdPoolSpec): Promise<CephCaller> {
    return { pool, user: pool.user, access: await this.parts.accesses.of(pool), shell: this.parts.shell };
  }

  async keepSecret(pool: RbdPoolSpec): Promise<void> {
    const value = Buffer.from(await this.parts.accesses.keyOf(pool), 'base64');
    await this.parts.secrets.ensure({ uuid: pool.id, description: `storage pool ${pool.id}`, value });
  }
}

/** Makes the driver of one host's RBD pools. */
export function createRbdPoolDriver(parts: RbdPoolDriverParts): PoolDriver<RbdPoolSpec> {
  const host = new Host(parts);
  return { ...pools(host), ...contents(host), ...disks(host), ...rbdBeats((pool) => host.callerOf(pool)) };
}

function pools(host: Host): Pick<PoolDriver<RbdPoolSpec>, 'ensurePool' | 'ensurePoolGone' | 'measured'> {
  const { accesses, secrets, shell } = host.parts;
  return {
    ensurePool: async (pool, { secret, refuseWhenSilent }) => {
      const trial = async (access: RbdAccess) => tryPool({ pool, user: pool.user, access, shell });
      const tried = secret === undefined ? trial(await accesses.of(pool)) : accesses.keep(pool, secret, trial);
      const size = await tried.catch((error: unknown) => {
        throw refuseWhenSilent === true && isDurastackError(error, 'BACKEND_BUSY') ? noAnswer(pool, error) : error;
      });
      await host.keepSecret(pool);
      host.sizes.note(pool.id, size);
      return { capacityBytes: size.capacityBytes, availableBytes: size.availableBytes };
    },
    ensurePoolGone: async (pool) => {
      await secrets.ensureGone(pool.id);
      await accesses.forget(pool.id);
    },
    measured: (pool) => host.sizes.last(pool),
  };
}

type Contents = Omit<
  PoolDriver<RbdPoolSpec>,
  keyof ReturnType<typeof pools> | keyof ReturnType<typeof disks> | keyof ReturnType<typeof rbdBeats>
>;

function contents(host: Host): Contents {
  const { bases } = host;
  return {
    ensureVolume: async (volume, signal) =>
      ensureRbdVolume(await host.callerOf(volume.pool), volume, { bases, signal }),
    growVolume: async (volume, signal) => growRbdVolume(await host.callerOf(volume.pool), volume, signal),
    ensureVolumeGone: async (volumeId, pool) => removeRbdVolume(await host.callerOf(pool), volumeId),
    ensureTemplateOnPool: async (params, context) =>
      ensureRbdTemplate(await host.callerOf(params.pool), params, context),
    ensureTemplateGoneFromPool: async (templateId, pool) => {
      bases.forget(templateId);
      await removeRbdTemplate(await host.callerOf(pool), templateId);
    },
    listVolumes: async (pool) => idsOf((await listImages(await host.callerOf(pool))).images, 'volume-'),
    listTemplates: async (pool) => idsOf((await listImages(await host.callerOf(pool))).bases, 'template-'),
  };
}

function disks(host: Host): Pick<PoolDriver<RbdPoolSpec>, 'openDisk' | 'diskSource' | 'forTools'> {
  return {
    openDisk: async (volume, _qemu, sharing) => {
      const spec = imageSpec(volume.pool, volumeImage(volume.id));
      const caller = await host.callerOf(volume.pool);
      // A cluster that does not answer is found out here, in seconds: libvirt would wait for minutes.
      const clients = await readClients(caller, spec);
      if (clients === undefined) throw missing(spec);
      if (sharing === 'alone' && clients.length > 0) throw inUse(caller, spec, clients);
      await host.keepSecret(volume.pool);
      return diskSource(volume);
    },
    diskSource,
    forTools: async (volume) => {
      const caller = await host.callerOf(volume.pool);
      const spec = imageSpec(volume.pool, volumeImage(volume.id));
      const image = await readImage(caller, spec);
      if (image === undefined) throw missing(spec);
      return { name: toolName(caller, spec), format: 'raw', sizeBytes: image.sizeBytes, shared: false };
    },
  };
}

const missing = (spec: string): DurastackError =>
  new DurastackError('STEP_REFUSED', `The volume ${spec} does not exist; make it first`);

/** RBD would let a second writer in, and both would destroy what the other wrote. */
function inUse({ pool }: CephCaller, spec: string, clients: readonly string[]): DurastackError {
  const text = `waits for storage pool ${pool.pool} (${pool.id}): a client at ${clients.join(', ')} has ${spec} open, or had it and died less than half a minute ago`;
  return new DurastackError('BACKEND_BUSY', text);
}

/** The user can make and remove images there and see the cluster's size, and QEMU of this host can open them. */
async function tryPool(caller: CephCaller) {
  const spec = imageSpec(caller.pool, `.trial-${randomUUID()}`);
  await callCeph('rbd', caller, ['create', '--size', '1M', spec]);
  try {
    await requireQemu(caller, spec);
  } finally {
    await removeImage(caller, spec);
  }
  return readPoolSize(caller);
}

async function requireQemu(caller: CephCaller, spec: string): Promise<void> {
  const args = ['info', '-f', 'raw', '--output', 'json', toolName(caller, spec)];
  await caller.shell.run('qemu-img', args, { timeoutMs: QEMU_TRIAL_MS }).catch((cause: unknown) => {
    if (isDurastackError(cause, 'TIMEOUT')) throw poolSilent(caller.pool, cause);
    const text = `QEMU of this host cannot open ${spec}; on Debian install qemu-block-extra`;
    throw new DurastackError('STEP_REFUSED', text, { cause });
  });
}

function noAnswer({ monitors }: RbdPoolSpec, cause: unknown): DurastackError {
  const text = `No Ceph monitor at ${monitors.join(', ')} answers this host; check addresses, ports and the way there`;
  return new DurastackError('STEP_REFUSED', text, { cause });
}

function diskSource({ id, pool }: VolumeOn<RbdPoolSpec>): DiskSource {
  return {
    type: 'rbd',
    name: imageSpec(pool, volumeImage(id)),
    format: 'raw',
    monitors: pool.monitors.map((monitor) => {
      const colon = monitor.lastIndexOf(':');
      return { host: monitor.slice(0, colon).replace(/^\[(.*)\]$/, '$1'), port: Number(monitor.slice(colon + 1)) };
    }),
    user: pool.user,
    secretUuid: pool.id,
  };
}

function idsOf(names: readonly string[], prefix: string): string[] {
  return names.flatMap((name) =>
    name.startsWith(prefix) ? (/^[0-9a-f-]{36}$/.exec(name.slice(prefix.length))?.[0] ?? []) : [],
  );
}

/** A complete base image never changes: its size is asked once. */
function knownBases(): KnownBases {
  const known = new Map<string, number>();
  return {
    sizeOf: async (caller, templateId) => {
      const key = `${caller.pool.id} ${templateId}`;
      const bytes = known.get(key) ?? (await baseBytes(caller, templateId));
      if (bytes !== undefined) known.set(key, bytes);
      return bytes;
    },
    forget: (templateId) => {
      for (const key of known.keys()) if (key.endsWith(` ${templateId}`)) known.delete(key);
    },
  };
}

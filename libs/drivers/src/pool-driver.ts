/**
 * What a kind of storage pool is to a host: one driver per kind, chosen in `pool/pool-drivers.ts`, the only place that
 * knows all kinds. Each function is all-or-nothing and safe to repeat; see the verbs of the same names.
 */
import type { PoolBeat } from '@durastack/contracts/agent/pool-beat-verbs';
import type { PoolSpec, VolumeSpec } from '@durastack/contracts/agent/specs';
import type { VerbParams, VerbResult } from '@durastack/contracts/agent/verbs';
import type { VerbContext } from './driver.js';
import type { HostUser } from './files/reachable.js';

/** Where QEMU finds a disk's bytes. */
export type DiskSource =
  | {
      readonly type: 'file';
      readonly path: string;
      readonly format: 'qcow2';
      /** The base image under it. */
      readonly backing?: string;
      /** Several hosts hold its pages: the host's page cache must stay out of it. */
      readonly shared: boolean;
    }
  | {
      readonly type: 'rbd';
      /** `<RADOS pool>/<image>`. */
      readonly name: string;
      readonly format: 'raw';
      readonly monitors: readonly { readonly host: string; readonly port: number }[];
      readonly user: string;
      /** The libvirt secret that holds the user's key. */
      readonly secretUuid: string;
    };

/** A volume as qemu-img reaches it. */
export interface ToolImage {
  /** What it is called on the command line; holds no secret. */
  readonly name: string;
  readonly format: 'qcow2' | 'raw';
  /** As a guest sees it. */
  readonly sizeBytes: number;
  /** What it takes with all that lies under it, where that can be told. */
  readonly allocatedBytes?: number;
  /** The host's page cache must stay out of it. */
  readonly shared: boolean;
}

/** Where QEMU gets the keys of pools from: the hypervisor's secrets. */
export interface SecretKeeper {
  /** The secret exists with this value. It is told to nobody but QEMU, and kept in memory only. */
  ensure(secret: { readonly uuid: string; readonly description: string; readonly value: Buffer }): Promise<void>;
  /** It is gone. */
  ensureGone(uuid: string): Promise<void>;
}

/** Whether nobody else may have a disk open: not so for one that arrives with its machine. */
export type DiskSharing = 'alone' | 'with-others';

/** One kind of pool. `S` is its specification. */
export interface PoolDriver<S extends PoolSpec = PoolSpec> {
  ensurePool(pool: S, params: Omit<VerbParams<'ensurePool'>, 'pool'>): Promise<VerbResult<'ensurePool'>>;
  ensurePoolGone(pool: S): Promise<void>;
  ensureVolume(volume: VolumeOn<S>, signal: AbortSignal): Promise<VerbResult<'ensureVolume'>>;
  /**
   * An existing volume that no machine uses has at least its size.
   *
   * @returns its size then
   * @throws DurastackError `STEP_REFUSED` when there is no such volume
   */
  growVolume(volume: VolumeOn<S>, signal: AbortSignal): Promise<{ readonly sizeBytes: number }>;
  ensureVolumeGone(volumeId: string, pool: S): Promise<void>;
  ensureTemplateOnPool(
    params: VerbParams<'ensureTemplateOnPool'> & { readonly pool: S },
    context: VerbContext,
  ): Promise<VerbResult<'ensureTemplateOnPool'>>;
  ensureTemplateGoneFromPool(templateId: string, pool: S): Promise<void>;
  /** Ids of all volumes on it. */
  listVolumes(pool: S): Promise<string[]>;
  /** Ids of all templates whose base image is complete on it. */
  listTemplates(pool: S): Promise<string[]>;
  /**
   * Where QEMU finds the volume, after making sure that it is there and that QEMU can open it: to be called before
   * every start, attach and arrival of a disk.
   *
   * @param qemu the user that QEMU runs as
   *
   * @param sharing `alone`: the pool looks whether somebody else has it open, where QEMU does not find that out itself
   * @throws DurastackError `STEP_REFUSED` when it is not there, `BACKEND_BUSY` when the pool does not answer, or while
   *   somebody else has it open
   */
  openDisk(volume: VolumeOn<S>, qemu: HostUser, sharing?: DiskSharing): Promise<DiskSource>;
  /** Where QEMU would find the volume, without looking. */
  diskSource(volume: VolumeOn<S>): DiskSource;
  /**
   * The volume as qemu-img reaches it, in the host's shell; while no machine uses it.
   *
   * @throws DurastackError `STEP_REFUSED` when it is not there, `BACKEND_BUSY` when the pool does not answer
   */
  forTools(volume: VolumeOn<S>): Promise<ToolImage>;
  /** Writes this host's heartbeat to the pool. Absent for kinds that hosts do not share, or that know none. */
  beat?(pool: S, beat: PoolBeat): Promise<void>;
  /** The last heartbeat that a host wrote there; undefined: none that can be read. */
  readBeat?(pool: S, hostId: string): Promise<PoolBeat | undefined>;
  /** The host writes none there any more. */
  endBeats?(pool: S, hostId: string): Promise<void>;
  /**
   * The pool's size as it was measured last, without waiting for anything that may hang. Absent for kinds that the
   * agent measures itself.
   */
  measured?(
    pool: S,
  ):
    | { readonly capacityBytes: number; readonly availableBytes: number; readonly addresses?: readonly string[] }
    | undefined;
}

/** A volume on a pool of one kind. */
export type VolumeOn<S extends PoolSpec> = Omit<VolumeSpec, 'pool'> & { readonly pool: S };

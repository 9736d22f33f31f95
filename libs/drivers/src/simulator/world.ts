/**
 * A simulated data centre: hosts with machines and networks, pools with volumes, image stores.
 *
 * It keeps to what real hosts do: a directory pool belongs to one host and a shared one to all that name it, ids
 * must exist, a disk is used by one running machine at a time, memory runs out. With a directory it is written
 * through, so that hosts and their running machines survive the death of the process that simulates them.
 */
import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NetworkSpec, ObservedVm, PoolSpec, PowerState, VmSpec } from '@durastack/contracts/agent/specs';
import { DurastackError } from '@durastack/contracts/errors';
import type { EffectKind, EffectLog } from './effect-log.js';

/** Size of a host that is not told otherwise. */
const DEFAULT_HOST = { cpuCount: 64, cpuMhz: 2_400, memoryMib: 262_144, poolBytes: 4 * 2 ** 40 };

/** A machine; the seed is not kept. */
export interface SimulatedVm {
  spec: Omit<VmSpec, 'seed'>;
  power: Exclude<PowerState, 'absent'>;
  serial: string;
  /** Paused by a migration: sent away, or a copy that never ran. */
  held?: boolean;
  /** Gone to another host that fetches its memory from here, or running before all of that has come. */
  postCopy?: 'left' | 'arriving';
  /** It is off, unasked. */
  crashed?: boolean;
  /** Its guest lets go of no disk. */
  keepsDisks?: boolean;
  /** Volumes that are kept in step with another pool, with the copy that does it; until it stops. */
  mirrors?: Record<string, string>;
  /** The copy that wrote its definition, if one did. */
  movedBy?: string;
}

/** A volume. */
export interface SimulatedVolume {
  sizeBytes: number;
  templateId?: string;
  /** A copy that is not complete, or not kept in step by anything but a running machine. */
  partial?: boolean;
  /** The machine that began to write to it, or to what it was copied from: its content. */
  writtenBy?: string;
}

/** A pool's content. */
export interface SimulatedPool {
  volumes: Record<string, SimulatedVolume>;
  templates: Record<string, { sizeBytes: number; virtualSizeBytes: number }>;
}

/** An image in a store. */
export interface SimulatedImage {
  sizeBytes: number;
  virtualSizeBytes: number;
  sha256: string;
}

/** A host. */
export interface SimulatedHost {
  bootId: string;
  cpuCount: number;
  cpuMhz: number;
  memoryMib: number;
  poolBytes: number;
  /** What its processors can do; hosts that are not told otherwise are alike. */
  cpuFeatures?: string[];
  /** Why no machine can run here before its memory is complete. */
  noPostCopy?: string;
  vms: Record<string, SimulatedVm>;
  networks: Record<string, NetworkSpec>;
  /** Pools whose folders are there, by id. */
  pools: Record<string, PoolSpec>;
  /** Machines whose files were left behind when their domains went; nothing here leaves any by itself. */
  leftFiles?: string[];
  /** Content of its own (directory) pools. */
  content: Record<string, SimulatedPool>;
}

/** What hosts share beside pools, each of which is a file of its own: a change writes no more than it concerns. */
interface Shared {
  images: Record<string, Record<string, SimulatedImage>>;
  /** By pool id. */
  blocklists?: Record<string, readonly string[]>;
  /** Images that hosts hold open for no machine: the host by `<pool id>.<name>`. */
  held?: Record<string, string>;
  /** Ids of pools through which no lock reaches another host. */
  withoutLocks?: string[];
}

/** Whether every host that is told of the pool sees the same content. */
const isShared = (pool: PoolSpec): boolean => pool.kind !== 'directory';

/** See the module's head. */
export class SimulatedWorld {
  private readonly hosts = new Map<string, SimulatedHost>();
  private readonly watchers = new Map<string, Set<(vm: ObservedVm) => void>>();
  /** Hosts without power, or cut off. */
  private readonly outOfSight = new Set<string>();
  private readonly awayFromStorage = new Set<string>();
  private readonly shared: Shared;
  private sharedChanged = false;
  /** Shared pools that were met; undefined: there is none of that id. */
  private readonly sharedPools = new Map<string, SimulatedPool | undefined>();
  /** Those that somebody may have changed since they were written. */
  private readonly poolsInHands = new Set<string>();

  /**
   * @param directory where the world is written; nowhere when absent
   * @param effects where beginnings and endings are noted; nowhere when absent
   */
  constructor(
    private readonly directory?: string,
    private readonly effects?: EffectLog,
  ) {
    if (directory !== undefined) mkdirSync(directory, { recursive: true, mode: 0o700 });
    this.shared = this.read<Shared>('shared') ?? { images: {} };
  }

  /** A host; made when it is not there yet. */
  host(hostId: string): SimulatedHost {
    const known = this.hosts.get(hostId) ?? this.read<SimulatedHost>(hostId);
    const host = known ?? { ...DEFAULT_HOST, bootId: randomUUID(), vms: {}, networks: {}, pools: {}, content: {} };
    this.hosts.set(hostId, host);
    return host;
  }

  /** From now on other hosts see nothing of it, or see it again. */
  setInSight(hostId: string, inSight: boolean): void {
    if (inSight) this.outOfSight.delete(hostId);
    else this.outOfSight.add(hostId);
  }

  /** From now on the host reaches no storage, or reaches it again. */
  setAtStorage(hostId: string, there: boolean): void {
    if (there) this.awayFromStorage.delete(hostId);
    else this.awayFromStorage.add(hostId);
  }

  /** Whether it goes on to write to pools that it shares. */
  isAtStorage(hostId: string): boolean {
    return !this.awayFromStorage.has(hostId);
  }

  /** Whether other hosts reach it: it has power, and is not cut off. */
  isInSight(hostId: string): boolean {
    return !this.outOfSight.has(hostId);
  }

  /** Ids of hosts that this process has met. */
  hostIds(): string[] {
    return [...this.hosts.keys()];
  }

  /** A machine; NOT_FOUND when the host has no such one. */
  vm(hostId: string, vmId: string): SimulatedVm {
    const vm = this.host(hostId).vms[vmId];
    if (vm === undefined) throw new DurastackError('NOT_FOUND', `There is no machine ${vmId} on host ${hostId}.`);
    return vm;
  }

  /**
   * Content of a pool as this host sees it; STEP_REFUSED when the pool was not made here. The folders of a shared pool
   * are there for every host once one has made them; the key of an RBD pool is not (POOL_UNKNOWN).
   */
  pool(hostId: string, pool: PoolSpec): SimulatedPool {
    if (pool.kind === 'rbd' && this.host(hostId).pools[pool.id] === undefined)
      throw new DurastackError('POOL_UNKNOWN', `Host ${hostId} was not told the key of storage pool ${pool.id} yet.`);
    const shared = isShared(pool) && this.sharedPool(pool.id) !== undefined;
    if (!shared && this.host(hostId).pools[pool.id] === undefined) {
      throw new DurastackError('STEP_REFUSED', `Pool ${pool.id} is not on host ${hostId}; ensure it first.`);
    }
    return this.content(hostId, pool);
  }

  /** Content of a pool whether it was made or not, to be changed: then it has to be saved. */
  content(hostId: string, pool: PoolSpec): SimulatedPool {
    if (!isShared(pool)) return (this.host(hostId).content[pool.id] ??= { volumes: {}, templates: {} });
    const content = this.sharedPool(pool.id) ?? { volumes: {}, templates: {} };
    this.sharedPools.set(pool.id, content);
    this.poolsInHands.add(pool.id);
    return content;
  }

  /** As {@link content}, to be looked at alone. */
  look(hostId: string, pool: PoolSpec): Readonly<SimulatedPool> {
    const content = isShared(pool) ? this.sharedPool(pool.id) : this.host(hostId).content[pool.id];
    return content ?? { volumes: {}, templates: {} };
  }

  /** Addresses that the cluster of an RBD pool shuts out. */
  blocklist(poolId: string): readonly string[] {
    return this.shared.blocklists?.[poolId] ?? [];
  }

  /** Sets them. */
  setBlocklist(hostId: string, poolId: string, addresses: readonly string[]): void {
    this.shared.blocklists = { ...this.shared.blocklists, [poolId]: [...addresses] };
    this.sharedChanged = true;
    this.save(hostId);
  }

  /** The host that holds an image of a pool open for no machine. */
  holderOf(poolId: string, name: string): string | undefined {
    return this.shared.held?.[`${poolId}.${name}`];
  }

  /** Sets it; undefined: nobody. */
  setHolder(poolId: string, name: string, hostId: string | undefined): void {
    const { [`${poolId}.${name}`]: before, ...others } = this.shared.held ?? {};
    this.shared.held = hostId === undefined ? others : { ...others, [`${poolId}.${name}`]: hostId };
    this.sharedChanged ||= before !== hostId;
  }

  /** Whether locks on the pool's images reach from host to host. */
  hasLocks(poolId: string): boolean {
    return this.shared.withoutLocks?.includes(poolId) !== true;
  }

  /** Sets it. */
  setLocks(poolId: string, reach: boolean): void {
    const others = (this.shared.withoutLocks ?? []).filter((id) => id !== poolId);
    this.shared.withoutLocks = reach ? others : [...others, poolId];
    this.write('shared', this.shared);
  }

  /** Images of a store, by template id. */
  images(storeId: string): Record<string, SimulatedImage> {
    this.sharedChanged = true;
    return (this.shared.images[storeId] ??= {});
  }

  /** Writes what was changed on a host, or in what hosts share. */
  save(hostId: string): void {
    this.write(hostId, this.host(hostId));
    for (const poolId of this.poolsInHands) this.write(`pool-${poolId}`, this.sharedPools.get(poolId));
    this.poolsInHands.clear();
    if (this.sharedChanged) this.write('shared', this.shared);
    this.sharedChanged = false;
  }

  /** Notes an effect for those who judge; see effect-log.ts for when. */
  note(hostId: string, kind: EffectKind, id: string): void {
    this.effects?.note(hostId, kind, id);
  }

  /** Is told of every change of power on a host. Returns how to stop that. */
  watch(hostId: string, onPowerChange: (vm: ObservedVm) => void): () => void {
    const watchers = this.watchers.get(hostId) ?? new Set();
    watchers.add(onPowerChange);
    this.watchers.set(hostId, watchers);
    return () => watchers.delete(onPowerChange);
  }

  /** Sets a machine's power, whoever did it: a verb, its guest, or somebody behind our back. */
  setPower(hostId: string, vmId: string, power: SimulatedVm['power'], crashed = false): void {
    const vm = this.vm(hostId, vmId);
    if (vm.power === power) return;
    if (power === 'off') {
      this.note(hostId, 'vm-off', vmId);
      delete vm.mirrors;
    }
    const begins = (vm.power === 'off' || vm.held === true) && power === 'running';
    vm.power = power;
    delete vm.held;
    delete vm.postCopy;
    vm.serial += `[${power}]\r\n`;
    this.save(hostId);
    if (begins) this.note(hostId, 'vm-running', vmId);
    if (crashed) vm.crashed = true;
    else delete vm.crashed;
    this.announce(hostId, { id: vmId, domainName: vm.spec.domainName, power, ...(crashed ? { crashed } : {}) });
  }

  /** A machine stands still for a migration, which alone knows whether it runs elsewhere. */
  holdVm(hostId: string, vmId: string): void {
    const vm = this.vm(hostId, vmId);
    if (vm.power === 'running') this.note(hostId, 'vm-off', vmId);
    vm.power = 'paused';
    vm.held = true;
    this.save(hostId);
    this.announce(hostId, { id: vmId, domainName: vm.spec.domainName, power: 'paused' });
  }

  /** Its memory is on its way behind it; undefined: all of it has come. */
  setPostCopy(hostId: string, vmId: string, postCopy: SimulatedVm['postCopy']): void {
    const vm = this.vm(hostId, vmId);
    if (postCopy === undefined) delete vm.postCopy;
    else vm.postCopy = postCopy;
    this.save(hostId);
  }

  /** From now on no machine runs there before its memory is complete, for this reason; undefined: it can. */
  refusePostCopy(hostId: string, reason: string | undefined): void {
    const host = this.host(hostId);
    if (reason === undefined) delete host.noPostCopy;
    else host.noPostCopy = reason;
    this.save(hostId);
  }

  /** From now on the guest keeps its disks, whoever asks for them, or it does not. */
  keepDisks(hostId: string, vmId: string, kept: boolean): void {
    this.vm(hostId, vmId).keepsDisks = kept;
    this.save(hostId);
  }

  /** Removes a machine's definition. */
  forgetVm(hostId: string, vmId: string): void {
    const host = this.host(hostId);
    if (host.leftFiles) host.leftFiles = host.leftFiles.filter((id) => id !== vmId);
    const vm = host.vms[vmId];
    if (vm === undefined) return;
    this.note(hostId, 'vm-gone', vmId);
    delete host.vms[vmId];
    this.save(hostId);
    this.announce(hostId, { id: vmId, domainName: vm.spec.domainName, power: 'absent' });
  }

  /** The host loses power and comes back: all its machines are off. */
  restartHost(hostId: string): void {
    this.host(hostId).bootId = randomUUID();
    this.cutPower(hostId);
  }

  /** The host loses power: all its machines are off, and it holds nothing. */
  cutPower(hostId: string): void {
    const held = Object.entries(this.shared.held ?? {});
    this.shared.held = Object.fromEntries(held.filter(([, holder]) => holder !== hostId));
    this.sharedChanged ||= held.length !== Object.keys(this.shared.held).length;
    for (const vmId of Object.keys(this.host(hostId).vms)) this.setPower(hostId, vmId, 'off');
    this.save(hostId);
  }

  private announce(hostId: string, vm: ObservedVm): void {
    for (const watcher of this.watchers.get(hostId) ?? []) watcher(vm);
  }

  private sharedPool(poolId: string): SimulatedPool | undefined {
    if (!this.sharedPools.has(poolId)) this.sharedPools.set(poolId, this.read<SimulatedPool>(`pool-${poolId}`));
    return this.sharedPools.get(poolId);
  }

  private read<T>(name: string): T | undefined {
    if (this.directory === undefined) return undefined;
    try {
      return JSON.parse(readFileSync(join(this.directory, `${name}.json`), 'utf8')) as T;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw new DurastackError('ENVIRONMENT', `The simulated world in ${this.directory} is damaged.`, { cause: error });
    }
  }

  private write(name: string, value: unknown): void {
    if (this.directory === undefined) return;
    const path = join(this.directory, `${name}.json`);
    writeFileSync(`${path}.part`, JSON.stringify(value));
    renameSync(`${path}.part`, path);
  }
}

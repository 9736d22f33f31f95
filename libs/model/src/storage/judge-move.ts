import type { MoveTarget, VolumeToMove } from '@durastack/contracts/storage/volume-move';

const GIB = 2 ** 30;
const gib = (bytes: number): string => `${Math.round((10 * bytes) / GIB) / 10} GiB`;

/**
 * Why a volume cannot be moved now, whatever the pool; undefined when it can.
 *
 * @param live whether it may be moved while its machine runs
 */
export function judgeMove({ name, state, poolId, machine }: VolumeToMove, live: boolean): string | undefined {
  if (state !== 'Ready' || poolId === null)
    return `The volume ${name} is ${state}: only a volume that exists on a pool can be moved.`;
  if (!machine || machine.state === 'Stopped') return undefined;
  if (machine.state !== 'Running')
    return `${machine.name} is ${machine.state}; its disks can be moved while it is Running or Stopped.`;
  if (!live) return `${machine.name} is running: give livemigrate=true, or stop it first.`;
  return undefined;
}

/** Why a pool does not do. */
export interface TargetRefusal {
  readonly code: 'INVALID_INPUT' | 'NO_CAPACITY';
  /** The rest of a sentence about the pool. */
  readonly text: string;
}

/** Why a volume cannot be moved to that pool; undefined when it can. */
export function judgeTarget(volume: VolumeToMove, target: MoveTarget): TargetRefusal | undefined {
  const text = unfit(volume, target);
  if (text !== undefined) return { code: 'INVALID_INPUT', text };
  const offered = target.capacityBytes * target.overprovisioning;
  if (target.reservedBytes + volume.sizeBytes <= offered) return undefined;
  const left = gib(Math.max(0, offered - target.reservedBytes));
  const room = `has no room: the volume may grow to ${gib(volume.sizeBytes)}, and ${left} of ${gib(offered)} are left`;
  return { code: 'NO_CAPACITY', text: room };
}

function unfit(volume: VolumeToMove, target: MoveTarget): string | undefined {
  if (target.id === volume.poolId) return 'has the volume already';
  if (target.zoneId !== volume.zoneId) return 'is in another zone';
  if (target.state !== 'Up') return `is ${target.state}`;
  if (target.allocationState !== 'Enabled') return 'is disabled: it takes nothing new';
  const missing = volume.tags.filter((tag) => !target.tags.includes(tag));
  if (missing.length > 0) return `lacks the tag ${missing.join(', ')} of the volume's offering`;
  return target.hostId === null ? unreached(volume) : undefined;
}

function unreached({ machine }: VolumeToMove): string {
  if (machine && machine.hostId !== null)
    return `is not reached by the host of ${machine.name}, or that host is not up`;
  const others = machine ? `, and all other disks of ${machine.name}` : '';
  return `is reached by no host that is up and reaches the volume's present pool too${others}`;
}

/** How far a machine can grow while it runs: decided when it is started, for its hardware is laid out then. */

/** A machine's processors and memory. */
export interface MachineSize {
  readonly vcpus: number;
  readonly memoryMib: number;
}

/** So many times its size, but not beyond what any guest can use. Room costs the host nothing until it is given. */
const TIMES = 4;
const MOST_VCPUS = 64;
const MOST_MEMORY_MIB = 512 * 1024;

/**
 * The least that a machine is started with to be given more memory later. Room for memory lies above 4 GiB, and a Linux
 * that sees any there sets 64 MiB aside at boot for devices that reach no further (SWIOTLB), however small it is itself:
 * one of 128 MiB does not come up.
 */
const LEAST_TO_GROW_MIB = 512;

/** Guests take memory in blocks of this size. */
export const MEMORY_BLOCK_MIB = 128;

/** The room to start a machine of this size with. */
export function growthRoom({ vcpus, memoryMib }: MachineSize): { maxVcpus: number; maxMemoryMib: number } {
  const most = memoryMib < LEAST_TO_GROW_MIB ? memoryMib : Math.min(memoryMib * TIMES, MOST_MEMORY_MIB);
  return {
    maxVcpus: Math.max(vcpus, Math.min(vcpus * TIMES, MOST_VCPUS)),
    maxMemoryMib: Math.max(memoryMib, most),
  };
}

/** Why a running machine cannot be given that size; undefined when it can, if it was started with the room. */
export function growthRefusal(from: MachineSize, to: MachineSize): string | undefined {
  if (to.vcpus < from.vcpus) return `has ${from.vcpus} processors and cannot give any back (${to.vcpus} wanted)`;
  if (to.memoryMib < from.memoryMib)
    return `has ${from.memoryMib} MiB of memory and cannot give any back (${to.memoryMib} wanted)`;
  if (to.memoryMib > from.memoryMib && from.memoryMib < LEAST_TO_GROW_MIB)
    return `has ${from.memoryMib} MiB of memory and was started without room for more, as all below ${LEAST_TO_GROW_MIB} MiB (${to.memoryMib} wanted)`;
  if ((to.memoryMib - from.memoryMib) % MEMORY_BLOCK_MIB !== 0)
    return `can be given memory in steps of ${MEMORY_BLOCK_MIB} MiB (${to.memoryMib - from.memoryMib} more wanted)`;
  return undefined;
}

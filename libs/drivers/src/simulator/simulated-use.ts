import { createHash } from 'node:crypto';
import type { MachineUse } from '../driver.js';
import type { SimulatedWorld } from './world.js';

/** Bounds of what a simulated machine uses of what it has. */
const CPU = { least: 0.05, most: 0.95 } as const;
const MEMORY = { least: 0.3, most: 0.9 } as const;
const CPU_MHZ = 1_000;

/** What the running machines of a host use: by chance, but the same for the same machine wherever it runs. */
export function simulatedUse(world: SimulatedWorld, hostId: string): MachineUse[] {
  return Object.entries(world.host(hostId).vms).flatMap(([id, { power, spec }]) => {
    if (power !== 'running') return [];
    const [cpu, memory] = createHash('sha256').update(id).digest();
    const part = ({ least, most }: typeof CPU | typeof MEMORY, chance = 0) => least + ((most - least) * chance) / 255;
    return [{ id, cpuMhz: spec.vcpus * CPU_MHZ * part(CPU, cpu), memoryMib: spec.memoryMib * part(MEMORY, memory) }];
  });
}

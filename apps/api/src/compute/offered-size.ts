import type { ParamsOf } from '@durastack/contracts/command';
import type { createServiceOffering } from '@durastack/contracts/compute/create-service-offering';
import { DurastackError } from '@durastack/contracts/errors';

type Params = ParamsOf<typeof createServiceOffering>;

/**
 * The columns of a new offering's size: a fixed one, or bounds of those that machines choose.
 *
 * @throws DurastackError INVALID_INPUT when it is neither, or both
 */
export function sizeColumns(params: Params): Readonly<Record<string, number | undefined>> {
  const { cpuNumber, cpuSpeed, memory, minCpuNumber, maxCpuNumber, minMemory, maxMemory } = params;
  const bounds = [minCpuNumber, maxCpuNumber, minMemory, maxMemory];
  if (params.customized !== true) {
    if (cpuNumber === undefined || cpuSpeed === undefined || memory === undefined)
      throw invalid('Give cpunumber, cpuspeed and memory, or customized=true for sizes that each machine chooses.');
    if (bounds.some((bound) => bound !== undefined))
      throw invalid('The least and the most of an offering go with customized=true alone; its size is fixed.');
    return { cpu_count: cpuNumber, cpu_mhz: cpuSpeed, memory_mib: memory };
  }
  if (cpuNumber !== undefined || memory !== undefined)
    throw invalid(
      'With customized=true each machine chooses: leave cpunumber and memory out, or bound them (mincpunumber, maxcpunumber, minmemory, maxmemory).',
    );
  requireOrder('cpunumber', minCpuNumber, maxCpuNumber);
  requireOrder('memory', minMemory, maxMemory);
  return {
    ...{ cpu_mhz: cpuSpeed, min_cpu_count: minCpuNumber, max_cpu_count: maxCpuNumber },
    ...{ min_memory_mib: minMemory, max_memory_mib: maxMemory },
  };
}

function requireOrder(what: string, min: number | undefined, max: number | undefined): void {
  if (min !== undefined && max !== undefined && min > max)
    throw invalid(`min${what} (${min}) is more than max${what} (${max}).`);
}

const invalid = (message: string) => new DurastackError('INVALID_INPUT', message);

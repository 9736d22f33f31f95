import type { usageFields } from '@durastack/contracts/infra/usage-fields';
import { NO_HOSTS, type HostSums, type ResourceSums } from '@durastack/store/infra/host-sums';
import type { z } from 'zod';
import { ghz, gib, percent } from '../face/metric-texts.js';

const MIB = 1_024 ** 2;

type Usage = Omit<z.infer<z.ZodObject<typeof usageFields>>, 'state'>;

/** What the hosts of a place have, have given out and use, in the words of metrics. */
export function usageOfHosts({ cpu, memory }: HostSums = NO_HOSTS): Usage {
  return {
    cpuTotal: ghz(cpu.total),
    cpuAllocated: percent(cpu.reserved, cpu.total),
    ...(cpu.measuredTotal > 0 && {
      cpuUsed: percent(cpu.used, cpu.measuredTotal),
      cpuMaxDeviation: deviation(cpu),
    }),
    memoryTotal: gib(memory.total * MIB),
    memoryAllocated: percent(memory.reserved, memory.total),
    ...(memory.measuredTotal > 0 && {
      memoryUsed: percent(memory.used, memory.measuredTotal),
      memoryMaxDeviation: deviation(memory),
    }),
  };
}

/** How far the busiest is above the average, in percent of that. */
function deviation({ peak, used, measuredTotal }: ResourceSums): string {
  const average = used / measuredTotal;
  return percent(peak - average, average);
}

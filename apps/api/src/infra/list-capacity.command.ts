import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { OVERCOMMIT } from '@durastack/contracts/compute/overcommit';
import { listCapacity } from '@durastack/contracts/infra/list-capacity';
import { autocommit } from '@durastack/store/database/transaction';
import { readCapacities, type Capacity } from '@durastack/store/infra/capacity';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';

type Item = ResultOf<typeof listCapacity>;

const partOf = ({ total, used }: Capacity): number => used / total;

/** Lists capacity, with the same overcommitment as placement goes by. */
@Handles(listCapacity)
export class ListCapacityHandler implements CommandHandler<typeof listCapacity> {
  constructor(private readonly platform: Platform) {}

  async execute(_call: Call, params: ParamsOf<typeof listCapacity>): Promise<readonly Item[]> {
    const all = await readCapacities(autocommit(this.platform.database), params, OVERCOMMIT);
    const found = all.filter(({ type }) => params.type === undefined || type === params.type);
    if (params.sortBy === 'usage') found.sort((a, b) => partOf(b) - partOf(a));
    return found.map(toItem);
  }
}

function toItem({ total, used, ...kindAndPlace }: Capacity): Item {
  const percentUsed = ((100 * used) / total).toFixed(2);
  return { ...kindAndPlace, capacityTotal: total, capacityUsed: used, percentUsed };
}

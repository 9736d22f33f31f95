import type { ResultOf } from '@durastack/contracts/command';
import { AFFINITY_TYPES } from '@durastack/contracts/compute/affinity-types';
import { listAffinityGroupTypes } from '@durastack/contracts/compute/list-affinity-group-types';
import { Handles, type CommandHandler } from '../catalogue/handles.js';

/** Lists the types of affinity groups. */
@Handles(listAffinityGroupTypes)
export class ListAffinityGroupTypesHandler implements CommandHandler<typeof listAffinityGroupTypes> {
  async execute(): Promise<readonly ResultOf<typeof listAffinityGroupTypes>[]> {
    return Object.keys(AFFINITY_TYPES).map((type) => ({ type }));
  }
}

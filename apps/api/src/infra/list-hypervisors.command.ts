import type { ParamsOf } from '@durastack/contracts/command';
import { listHypervisors } from '@durastack/contracts/infra/list-hypervisors';
import { autocommit } from '@durastack/store/database/transaction';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';

/** Lists hypervisors: all that the product drives, or those that a zone has clusters of. */
@Handles(listHypervisors)
export class ListHypervisorsHandler implements CommandHandler<typeof listHypervisors> {
  constructor(private readonly platform: Platform) {}

  async execute(_call: Call, params: ParamsOf<typeof listHypervisors>): Promise<{ name: string }[]> {
    if (params.zoneId === undefined) return [{ name: 'KVM' }, { name: 'Simulator' }];
    return autocommit(this.platform.database).query<{ name: string }>(
      'SELECT DISTINCT hypervisor AS name FROM cluster WHERE zone_id = ? ORDER BY hypervisor',
      [params.zoneId],
    );
  }
}

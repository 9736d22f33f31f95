import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { listConfigurations } from '@durastack/contracts/infra/list-configurations';
import { autocommit } from '@durastack/store/database/transaction';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { readConfigurations } from './configuration.js';

/** Lists settings. */
@Handles(listConfigurations)
export class ListConfigurationsHandler implements CommandHandler<typeof listConfigurations> {
  constructor(private readonly platform: Platform) {}

  async execute(
    _call: Call,
    { name, keyword, category, group, ...place }: ParamsOf<typeof listConfigurations>,
  ): Promise<ResultOf<typeof listConfigurations>[]> {
    const tx = autocommit(this.platform.database);
    const same = (wanted: string | undefined, is: string) =>
      wanted === undefined || wanted.toLowerCase() === is.toLowerCase();
    return (await readConfigurations(tx, place))
      .filter((one) => same(name, one.name) && same(category, one.category) && same(group, one.group))
      .filter((one) => one.name.toLowerCase().includes((keyword ?? '').toLowerCase()));
  }
}

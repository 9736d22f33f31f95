import type { ResultOf } from '@durastack/contracts/command';
import { listIpForwardingRules } from '@durastack/contracts/network/list-ip-forwarding-rules';
import { Handles, type CommandHandler } from '../catalogue/handles.js';

/** Answers what is true of shared networks: there are none. Clients ask for them with every list of machines. */
@Handles(listIpForwardingRules)
export class ListIpForwardingRulesHandler implements CommandHandler<typeof listIpForwardingRules> {
  execute(): Promise<ResultOf<typeof listIpForwardingRules>[]> {
    return Promise.resolve([]);
  }
}

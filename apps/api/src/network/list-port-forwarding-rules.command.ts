import type { ResultOf } from '@durastack/contracts/command';
import { listPortForwardingRules } from '@durastack/contracts/network/list-port-forwarding-rules';
import { Handles, type CommandHandler } from '../catalogue/handles.js';

/** Answers what is true of shared networks: there are none. Clients ask for them with every list of machines. */
@Handles(listPortForwardingRules)
export class ListPortForwardingRulesHandler implements CommandHandler<typeof listPortForwardingRules> {
  execute(): Promise<ResultOf<typeof listPortForwardingRules>[]> {
    return Promise.resolve([]);
  }
}

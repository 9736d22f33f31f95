import type { ResultOf } from '@durastack/contracts/command';
import { listPublicIpAddresses } from '@durastack/contracts/network/list-public-ip-addresses';
import { Handles, type CommandHandler } from '../catalogue/handles.js';

/** Answers what is true of shared networks: there are none. Clients ask for them with every list of machines. */
@Handles(listPublicIpAddresses)
export class ListPublicIpAddressesHandler implements CommandHandler<typeof listPublicIpAddresses> {
  execute(): Promise<ResultOf<typeof listPublicIpAddresses>[]> {
    return Promise.resolve([]);
  }
}

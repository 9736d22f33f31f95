import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { DurastackError } from '@durastack/contracts/errors';
import { updateNetwork } from '@durastack/contracts/network/update-network';
import { requireRow, updateRow } from '@durastack/store/database/rows';
import { autocommit } from '@durastack/store/database/transaction';
import { requireAccess } from '@durastack/store/identity/access';
import { readOne } from '@durastack/store/lists/engine/run-list';
import { networks } from '@durastack/store/lists/network/networks.list';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';

type Params = ParamsOf<typeof updateNetwork>;

/** What hosts or a router would have to do. */
const UNSUPPORTED = [
  ...(['guestVmCidr', 'networkDomain', 'dns1', 'dns2', 'publicMtu', 'privateMtu', 'sourceNatIpAddress'] as const),
] as const;

/** Changes what a network is called. */
@Handles(updateNetwork)
export class UpdateNetworkHandler implements CommandHandler<typeof updateNetwork> {
  constructor(private readonly platform: Platform) {}

  async execute({ caller }: Call, params: Params): Promise<ResultOf<typeof updateNetwork>> {
    const tx = autocommit(this.platform.database);
    const { id, name, displayText, networkOfferingId } = params;
    const network = { type: 'network', id } as const;
    await requireAccess(tx, caller, network);
    refuseUnsupported(params);
    const row = await requireRow<{ name: string; offering_id: string }>(tx, network);
    if (networkOfferingId !== undefined && networkOfferingId !== row.offering_id)
      throw new DurastackError('INVALID_INPUT', `networkofferingid: ${row.name} cannot change its offering yet.`);
    await updateRow(tx, network, { name, display_text: displayText });
    return readOne(tx, networks, caller, id);
  }
}

function refuseUnsupported(params: Params): void {
  const asked = UNSUPPORTED.find((name) => params[name] !== undefined && params[name] !== '');
  if (asked !== undefined)
    throw new DurastackError('INVALID_INPUT', `${asked.toLowerCase()} is not supported by this offering yet.`);
  if (params.displayNetwork === false)
    throw new DurastackError('INVALID_INPUT', 'displaynetwork: networks cannot be hidden.');
}

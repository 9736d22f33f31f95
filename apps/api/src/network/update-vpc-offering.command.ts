import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { updateVPCOffering } from '@durastack/contracts/network/update-vpc-offering';
import { orConflict, requireRow, updateRow } from '@durastack/store/database/rows';
import { autocommit } from '@durastack/store/database/transaction';
import { readOne } from '@durastack/store/lists/engine/run-list';
import { vpcOfferings } from '@durastack/store/lists/network/vpc-offerings.list';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';

type Command = typeof updateVPCOffering;

/** Changes a VPC offering. */
@Handles(updateVPCOffering)
export class UpdateVpcOfferingHandler implements CommandHandler<Command> {
  constructor(private readonly platform: Platform) {}

  async execute({ caller }: Call, params: ParamsOf<Command>): Promise<ResultOf<Command>> {
    const tx = autocommit(this.platform.database);
    const { id, name, displayText, state } = params;
    const offering = { type: 'vpc-offering', id } as const;
    await requireRow(tx, offering, { where: "live_key = ''" });
    const change = updateRow(tx, offering, { name, display_text: displayText, state });
    await orConflict(change, `A VPC offering with the name ${name} exists already.`);
    return readOne(tx, vpcOfferings, caller, id);
  }
}

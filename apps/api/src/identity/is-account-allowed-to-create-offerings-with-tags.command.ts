import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { isAccountAllowedToCreateOfferingsWithTags } from '@durastack/contracts/identity/is-account-allowed-to-create-offerings-with-tags';
import { autocommit } from '@durastack/store/database/transaction';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { administeredAccount } from './administered.js';

type Command = typeof isAccountAllowedToCreateOfferingsWithTags;

/** Says whether an account may create offerings with tags. Offerings are the root administrator's to create. */
@Handles(isAccountAllowedToCreateOfferingsWithTags)
export class IsAccountAllowedToCreateOfferingsWithTagsHandler implements CommandHandler<Command> {
  constructor(private readonly platform: Platform) {}

  async execute({ caller }: Call, { id }: ParamsOf<Command>): Promise<ResultOf<Command>> {
    const account = await administeredAccount(autocommit(this.platform.database), caller, id);
    return { isAllowed: account.role === 'admin' };
  }
}

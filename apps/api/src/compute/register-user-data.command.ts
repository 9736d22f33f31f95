import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { registerUserData } from '@durastack/contracts/compute/register-user-data';
import { newId } from '@durastack/kit/ids/new-id';
import { userDataRecords } from '@durastack/store/compute/user-data-view';
import { insertRow, orConflict } from '@durastack/store/database/rows';
import { autocommit } from '@durastack/store/database/transaction';
import { ownerOf } from '@durastack/store/identity/access';
import { readOne } from '@durastack/store/lists/engine/run-list';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { recordContext, toUserData, toVariableNames } from './user-data.js';

/** Keeps user data, sealed. */
@Handles(registerUserData)
export class RegisterUserDataHandler implements CommandHandler<typeof registerUserData> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: ParamsOf<typeof registerUserData>): Promise<ResultOf<typeof registerUserData>> {
    const { database, secrets } = this.platform;
    const tx = autocommit(database);
    const { accountId, domainId } = await ownerOf(tx, call.caller, params);
    const [id, userData] = [newId(), toUserData(params.userData)];
    await orConflict(
      insertRow(tx, 'user_data', {
        id,
        name: params.name,
        account_id: accountId,
        domain_id: domainId,
        data_sealed: secrets.seal(userData, recordContext(id)),
        params: toVariableNames(params.params),
        created_at: new Date(),
      }),
      `A userdata with name: ${params.name} already exists for this account.`,
    );
    return { ...(await readOne(tx, userDataRecords, call.caller, id)), userData };
  }
}

import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { listUserData } from '@durastack/contracts/compute/list-user-data';
import { userDataRecords } from '@durastack/store/compute/user-data-view';
import { autocommit } from '@durastack/store/database/transaction';
import { offsetPage, runList, type ListPage } from '@durastack/store/lists/engine/run-list';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { recordContext } from './user-data.js';

/** Lists user data, and opens what it shows. */
@Handles(listUserData)
export class ListUserDataHandler implements CommandHandler<typeof listUserData> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: ParamsOf<typeof listUserData>): Promise<ListPage<ResultOf<typeof listUserData>>> {
    const { database, secrets } = this.platform;
    const page = call.page ?? offsetPage(params);
    const found = await runList(autocommit(database), userDataRecords, call.caller, { params, page });
    const opened = ({ id, userData, ...item }: ResultOf<typeof listUserData>) => ({
      ...item,
      id,
      userData: secrets.open(userData, recordContext(id)),
    });
    return { ...found, items: found.items.map(opened) };
  }
}

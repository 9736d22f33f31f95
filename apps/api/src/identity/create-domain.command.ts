import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { DurastackError } from '@durastack/contracts/errors';
import { createDomain } from '@durastack/contracts/identity/create-domain';
import { newId } from '@durastack/kit/ids/new-id';
import { insertRow, orConflict } from '@durastack/store/database/rows';
import { autocommit, transaction } from '@durastack/store/database/transaction';
import { readOne } from '@durastack/store/lists/engine/run-list';
import { domains } from '@durastack/store/lists/identity/domains.list';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { administeredDomain } from './administered.js';

/** The column that holds paths of ids takes so many levels. */
export const MAX_LEVEL = 16;

/** Creates a domain. */
@Handles(createDomain)
export class CreateDomainHandler implements CommandHandler<typeof createDomain> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: ParamsOf<typeof createDomain>): Promise<ResultOf<typeof createDomain>> {
    if (params.name.includes('/'))
      throw new DurastackError(
        'INVALID_INPUT',
        `The domain name ${params.name} contains a slash, which separates domains.`,
      );
    const id = newId();
    const { database } = this.platform;
    const created = transaction(database, async (tx) => {
      const parentId = params.parentDomainId ?? call.caller.domainId;
      const parent = await administeredDomain(tx, call.caller, parentId, 'parentdomainid');
      if (parent.level + 1 > MAX_LEVEL)
        throw new DurastackError('INVALID_INPUT', `Domains cannot be nested deeper than ${MAX_LEVEL} levels.`);
      await insertRow(tx, 'domain', {
        id,
        parent_id: parent.id,
        name: params.name,
        path: `${parent.path}${id}/`,
        display_path: `${parent.display_path}/${params.name}`,
        level: parent.level + 1,
        removed: false,
        created_at: new Date(),
      });
    });
    await orConflict(created, `Domain with name ${params.name} already exists for the parent.`);
    return readOne(autocommit(database), domains, call.caller, id);
  }
}

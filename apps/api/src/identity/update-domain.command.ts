import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { DurastackError } from '@durastack/contracts/errors';
import { updateDomain } from '@durastack/contracts/identity/update-domain';
import { orConflict } from '@durastack/store/database/rows';
import { autocommit, transaction, type Tx } from '@durastack/store/database/transaction';
import { readOne } from '@durastack/store/lists/engine/run-list';
import { domains } from '@durastack/store/lists/identity/domains.list';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { administeredDomain, type DomainRow } from './administered.js';

/** Renames a domain, and with it the paths of those below. */
@Handles(updateDomain)
export class UpdateDomainHandler implements CommandHandler<typeof updateDomain> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: ParamsOf<typeof updateDomain>): Promise<ResultOf<typeof updateDomain>> {
    const { database } = this.platform;
    const updated = transaction(database, async (tx) => {
      const domain = await administeredDomain(tx, call.caller, params.id, 'id');
      if (params.name !== undefined && params.name !== domain.name) await rename(tx, domain, params.name);
    });
    await orConflict(updated, `Domain with name ${params.name} already exists for the parent.`);
    return readOne(autocommit(database), domains, call.caller, params.id);
  }
}

async function rename(tx: Tx, domain: DomainRow, name: string): Promise<void> {
  if (domain.parent_id === null) throw new DurastackError('INVALID_INPUT', 'The domain ROOT keeps its name.');
  if (name.includes('/'))
    throw new DurastackError('INVALID_INPUT', `The domain name ${name} contains a slash, which separates domains.`);
  const path = `${domain.display_path.slice(0, -domain.name.length)}${name}`;
  await tx.execute('UPDATE domain SET name = ? WHERE id = ?', [name, domain.id]);
  await tx.execute(
    "UPDATE domain SET display_path = CONCAT(?, SUBSTRING(display_path, ?)) WHERE path LIKE CONCAT(?, '%')",
    [path, domain.display_path.length + 1, domain.path],
  );
}

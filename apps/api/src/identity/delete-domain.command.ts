import type { ParamsOf } from '@durastack/contracts/command';
import { DurastackError } from '@durastack/contracts/errors';
import { deleteDomain } from '@durastack/contracts/identity/delete-domain';
import { refuseWhileUsed } from '@durastack/store/database/rows';
import { transaction } from '@durastack/store/database/transaction';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { administeredDomain } from './administered.js';

/** Removes a domain that is empty; its row stays for what once was in it. */
@Handles(deleteDomain)
export class DeleteDomainHandler implements CommandHandler<typeof deleteDomain> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: ParamsOf<typeof deleteDomain>): Promise<void> {
    await transaction(this.platform.database, async (tx) => {
      const domain = await administeredDomain(tx, call.caller, params.id, 'id');
      if (domain.id === call.caller.domainId || domain.parent_id === null)
        throw new DurastackError('INVALID_INPUT', 'Neither ROOT nor the own domain can be removed.');
      await refuseWhileUsed(tx, { type: 'domain', id: domain.id }, [
        { table: 'domain', where: 'parent_id = ? AND NOT removed', what: 'domains' },
        { table: 'account', where: "domain_id = ? AND state <> 'removed'", what: 'accounts' },
        { table: 'project', where: "domain_id = ? AND state <> 'Removed'", what: 'projects' },
        { table: 'network', where: "domain_id = ? AND state <> 'Removed'", what: 'networks' },
        { table: 'dedication', where: 'domain_id = ?', what: 'dedicated places' },
      ]);
      // The name is free again.
      await tx.execute("UPDATE domain SET removed = 1, name = CONCAT(LEFT(name, 200), ' (', id, ')') WHERE id = ?", [
        domain.id,
      ]);
    });
  }
}

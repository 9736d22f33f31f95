import type { ParamsOf } from '@durastack/contracts/command';
import { DurastackError } from '@durastack/contracts/errors';
import { deleteDomain } from '@durastack/contracts/identity/delete-domain';
import { refuseWhileUsed } from '@durastack/store/database/rows';
import { transaction, type Tx } from '@durastack/store/database/transaction';
import { refuseWhileOwning, type OwnerRef } from '@durastack/store/identity/removal';
import { Handles, type CommandHandler, type StartedOperation } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { acceptRemoval } from './accept-removal.js';
import { administeredDomain, type DomainRow } from './administered.js';

/** Accepts the removal of a domain. */
@Handles(deleteDomain)
export class DeleteDomainHandler implements CommandHandler<typeof deleteDomain> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, { id, cleanup }: ParamsOf<typeof deleteDomain>): Promise<StartedOperation> {
    const resource = { type: 'domain', id } as const;
    const domain = await transaction(this.platform.database, async (tx) => {
      const found = await administeredDomain(tx, call.caller, id, 'id');
      if (found.parent_id === null || call.caller.domainPath.startsWith(found.path))
        throw new DurastackError('INVALID_INPUT', 'Neither ROOT nor the own domain can be removed.');
      return found;
    });
    return acceptRemoval(this.platform, call, {
      ...{ command: deleteDomain, resource, name: domain.name },
      check: async (tx) => {
        if (cleanup === true) await refuseTheUntouchable(tx, call, domain);
        else await refuseWhileInUse(tx, resource);
      },
    });
  }
}

/** Places that are dedicated to it are released on the way only when that was asked for. */
async function refuseWhileInUse(tx: Tx, domain: OwnerRef): Promise<void> {
  await refuseWhileOwning(tx, domain);
  const dedications = { table: 'dedication', where: 'domain_id = ?', what: 'dedicated places' };
  await refuseWhileUsed(tx, domain, [dedications]);
}

/** Root administrators are removed by their like alone, and the first account by nobody. */
async function refuseTheUntouchable(tx: Tx, { caller }: Call, { path, name }: DomainRow): Promise<void> {
  const [found] = await tx.query<{ name: string }>(
    `SELECT a.name FROM account a JOIN domain d ON d.id = a.domain_id
      WHERE d.path LIKE CONCAT(?, '%') AND a.state <> 'removed' AND (a.is_default OR (a.role = 'admin' AND ?)) LIMIT 1`,
    [path, caller.role !== 'admin'],
  );
  if (found)
    throw new DurastackError('CONFLICT', `The account ${found.name} in the domain ${name} is not yours to remove.`);
}

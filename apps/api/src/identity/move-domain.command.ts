import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { DurastackError } from '@durastack/contracts/errors';
import { moveDomain } from '@durastack/contracts/identity/move-domain';
import { orConflict } from '@durastack/store/database/rows';
import { autocommit, transaction, type Tx } from '@durastack/store/database/transaction';
import { readOne } from '@durastack/store/lists/engine/run-list';
import { domains } from '@durastack/store/lists/identity/domains.list';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { administeredDomain, type DomainRow } from './administered.js';
import { MAX_LEVEL } from './create-domain.command.js';

/** Moves a domain with all below it. */
@Handles(moveDomain)
export class MoveDomainHandler implements CommandHandler<typeof moveDomain> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: ParamsOf<typeof moveDomain>): Promise<ResultOf<typeof moveDomain>> {
    const { database } = this.platform;
    const { domainId, parentDomainId } = params;
    const moved = transaction(database, async (tx) => {
      // In the order of ids: of two moves at once, the later one waits.
      const parentFirst = parentDomainId < domainId;
      const early = parentFirst
        ? await administeredDomain(tx, call.caller, parentDomainId, 'parentdomainid')
        : undefined;
      const domain = await administeredDomain(tx, call.caller, domainId, 'domainid');
      const parent = early ?? (await administeredDomain(tx, call.caller, parentDomainId, 'parentdomainid'));
      await move(tx, domain, parent);
    });
    await orConflict(moved, 'A domain of this name exists already below that parent.');
    return readOne(autocommit(database), domains, call.caller, domainId);
  }
}

async function move(tx: Tx, domain: DomainRow, parent: DomainRow): Promise<void> {
  if (domain.parent_id === null) throw new DurastackError('INVALID_INPUT', 'The domain ROOT stays where it is.');
  if (parent.path.startsWith(domain.path))
    throw new DurastackError(
      'INVALID_INPUT',
      `The domain ${parent.display_path} lies in ${domain.display_path} itself.`,
    );
  const by = parent.level + 1 - domain.level;
  const [deepest] = await tx.query<{ level: number }>(
    "SELECT MAX(level) AS level FROM domain WHERE path LIKE CONCAT(?, '%')",
    [domain.path],
  );
  if (Number(deepest?.level) + by > MAX_LEVEL)
    throw new DurastackError('INVALID_INPUT', `Domains cannot be nested deeper than ${MAX_LEVEL} levels.`);
  const left = await tx.query(
    "SELECT 1 FROM dedication t JOIN domain d ON d.id = t.domain_id WHERE ? LIKE CONCAT(d.path, '%') AND ? NOT LIKE CONCAT(d.path, '%') AND d.id <> ? LIMIT 1",
    [domain.path, parent.path, domain.id],
  );
  if (left.length > 0)
    throw new DurastackError('CONFLICT', 'It would leave a domain that has dedicated places: release those first.');
  const [path, shown] = [`${parent.path}${domain.id}/`, `${parent.display_path}/${domain.name}`];
  await tx.execute('UPDATE domain SET parent_id = ? WHERE id = ?', [parent.id, domain.id]);
  await tx.execute(
    `UPDATE domain SET display_path = CONCAT(?, SUBSTRING(display_path, ?)), level = level + ?, path = CONCAT(?, SUBSTRING(path, ?))
      WHERE path LIKE CONCAT(?, '%')`,
    [shown, domain.display_path.length + 1, by, path, domain.path.length + 1, domain.path],
  );
}

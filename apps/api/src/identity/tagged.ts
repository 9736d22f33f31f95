import { DurastackError } from '@durastack/contracts/errors';
import { TAG_TYPE_NAMES, tagTypeOf, type TaggedType } from '@durastack/contracts/identity/tagged-resources';
import { requireRow } from '@durastack/store/database/rows';
import type { Tx } from '@durastack/store/database/transaction';
import { notFound, requireAccess } from '@durastack/store/identity/access';
import type { Caller } from '@durastack/store/identity/caller';
import { requireManagedProject } from './project-rows.js';

const OWNED: ReadonlySet<TaggedType> = new Set(['virtual-machine', 'volume', 'template', 'network']);

/** The kind of a `resourcetype`. INVALID_INPUT naming those that can bear tags. */
export function requireTagType(name: string): TaggedType {
  const type = tagTypeOf(name);
  if (!type)
    throw new DurastackError(
      'INVALID_INPUT',
      `The resourcetype ${name} bears no tags; known are ${TAG_TYPE_NAMES.join(', ')}.`,
    );
  return type;
}

/**
 * The account whose tag it will be: the owner of what the caller may touch. Things without an owner are the root
 * administrator's.
 *
 * @throws DurastackError NOT_FOUND
 */
export async function requireTaggable(tx: Tx, caller: Caller, type: TaggedType, id: string): Promise<string> {
  if (OWNED.has(type)) return (await requireAccess(tx, caller, { type, id }, 'resourceids')).accountId;
  if (type === 'project') return (await requireManagedProject(tx, caller, id, 'resourceids')).account_id;
  if (caller.role !== 'admin') throw notFound('resourceids', id);
  await requireRow(tx, { type, id }, { parameter: 'resourceids' });
  return caller.accountId;
}

import { DurastackError } from '@durastack/contracts/errors';
import { describedTypeOf, isOwnedType, type DescribedType } from '@durastack/contracts/identity/described-resources';
import type { Tx } from '@durastack/store/database/transaction';
import { notFound, requireAccess } from '@durastack/store/identity/access';
import type { Caller } from '@durastack/store/identity/caller';
import { liveSql } from '@durastack/store/identity/described';
import { tableOf } from '@durastack/store/operations/state-rows';

/** The kind of a name in a call. INVALID_INPUT naming those that there are. */
export function requireDescribedType(
  names: Readonly<Record<string, DescribedType>>,
  { parameter, name }: { readonly parameter: string; readonly name: string },
): DescribedType {
  const type = describedTypeOf(names, name);
  if (type) return type;
  const known = Object.keys(names).join(', ');
  throw new DurastackError('INVALID_INPUT', `${parameter}: there is no ${name}; give one of ${known}.`);
}

/** Whose something is that the caller wants to describe; a thing of the cloud is the root administrator's. */
export async function requireDescribed(
  tx: Tx,
  caller: Caller,
  thing: { readonly type: DescribedType; readonly id: string; readonly parameter: string },
): Promise<{ readonly accountId: string; readonly domainId: string }> {
  const { type, id, parameter } = thing;
  if (isOwnedType(type)) return requireAccess(tx, caller, { type, id }, parameter);
  if (caller.role !== 'admin') throw notFound(parameter, id);
  const rows = await tx.query(`SELECT 1 FROM ${tableOf(type)} x WHERE x.id = ? AND ${liveSql(type)}`, [id]);
  if (rows.length === 0) throw notFound(parameter, id);
  return caller;
}

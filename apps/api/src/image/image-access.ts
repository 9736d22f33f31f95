import type { Tx } from '@durastack/store/database/transaction';
import { notFound, requireAccess, type Owner } from '@durastack/store/identity/access';
import type { Caller } from '@durastack/store/identity/caller';

/** What a row of `template` is. */
export type ImageKind = 'template' | 'iso';

/** A template or an ISO, as a command names it. */
export interface NamedImage {
  readonly kind: ImageKind;
  readonly id: string;
  /** Name of the parameter; `id` when not given. */
  readonly parameter?: string;
}

/**
 * Finds the owner of a template, or of an ISO, and checks that the caller may touch it. To commands of the one kind
 * there is none of the other.
 *
 * @throws DurastackError NOT_FOUND when it does not exist, is of the other kind, or the caller may not touch it
 */
export async function requireImage(tx: Tx, caller: Caller, { kind, id, parameter = 'id' }: NamedImage): Promise<Owner> {
  const owner = await requireAccess(tx, caller, { type: 'template', id }, parameter);
  const [row] = await tx.query<{ format: string }>('SELECT format FROM template WHERE id = ?', [id]);
  if ((row?.format === 'iso') !== (kind === 'iso')) throw notFound(parameter, id);
  return owner;
}

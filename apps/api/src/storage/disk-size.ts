/** How large a disk of an offering is. Nothing here writes. */
import { DurastackError } from '@durastack/contracts/errors';
import { requireRow } from '@durastack/store/database/rows';
import type { Tx } from '@durastack/store/database/transaction';

const GIB = 1024 ** 3;

/**
 * The size of a disk: the offering's own, or the one that was asked for where the offering leaves it open.
 *
 * @param asked the offering, and the size in GiB if one was given; `isOwn`: the disk is of it already, so it may have
 *   been withdrawn since
 * @returns bytes
 * @throws DurastackError NOT_FOUND when there is no such offering; INVALID_INPUT when the size is missing, or another
 *   than the offering's
 */
export async function diskSize(
  tx: Tx,
  asked: { readonly diskOfferingId: string; readonly sizeGib: number | undefined; readonly isOwn?: boolean },
): Promise<number> {
  const { diskOfferingId, sizeGib } = asked;
  const offering = await requireRow<{ name: string; size_bytes: number; customized: number }>(
    tx,
    { type: 'disk-offering', id: diskOfferingId },
    { parameter: 'diskofferingid', ...(asked.isOwn ? {} : { where: 'NOT removed' }) },
  );
  const fixedBytes = Number(offering.size_bytes);
  if (offering.customized === 1) {
    if (sizeGib !== undefined) return sizeGib * GIB;
    throw new DurastackError(
      'INVALID_INPUT',
      `The disk offering ${offering.name} leaves the size open: give size in GiB.`,
    );
  }
  if (sizeGib === undefined || sizeGib * GIB === fixedBytes) return fixedBytes;
  throw new DurastackError(
    'INVALID_INPUT',
    `Disks of the offering ${offering.name} have ${fixedBytes / GIB} GiB, not ${sizeGib}; leave size out or choose another offering.`,
  );
}

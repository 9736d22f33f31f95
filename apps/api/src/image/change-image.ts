/** What updateTemplate and updateIso have in common. */
import { osTypeOf } from '@durastack/contracts/compute/os-types';
import { DurastackError } from '@durastack/contracts/errors';
import { updateRow } from '@durastack/store/database/rows';
import type { Tx } from '@durastack/store/database/transaction';
import type { Caller } from '@durastack/store/identity/caller';
import { requireImage, type ImageKind } from './image-access.js';

/** What can be said anew of a template or an ISO; what is not said stays. */
export interface ImageChanges {
  readonly id: string;
  readonly name?: string | undefined;
  readonly displayText?: string | undefined;
  readonly osTypeId?: string | undefined;
  readonly isDynamicallyScalable?: boolean | undefined;
  readonly passwordEnabled?: boolean | undefined;
  /** Of ISOs only. */
  readonly bootable?: boolean | undefined;
}

/** Changes its row. @throws DurastackError NOT_FOUND, INVALID_INPUT for an unknown kind of operating system */
export async function changeImage(tx: Tx, caller: Caller, kind: ImageKind, changes: ImageChanges): Promise<void> {
  const { id, name, displayText, osTypeId, isDynamicallyScalable, passwordEnabled, bootable } = changes;
  await requireImage(tx, caller, { kind, id });
  if (osTypeId !== undefined && osTypeOf(osTypeId) === undefined)
    throw new DurastackError('INVALID_INPUT', `There is no OS type ${osTypeId}; listOsTypes shows all.`);
  await updateRow(
    tx,
    { type: 'template', id },
    {
      ...{ name, display_text: displayText, os_type_id: osTypeId },
      ...{ is_dynamically_scalable: isDynamicallyScalable, password_enabled: passwordEnabled, bootable },
    },
  );
}

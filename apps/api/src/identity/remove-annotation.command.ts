import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { DurastackError } from '@durastack/contracts/errors';
import { removeAnnotation } from '@durastack/contracts/identity/remove-annotation';
import { transaction } from '@durastack/store/database/transaction';
import { readOne } from '@durastack/store/lists/engine/run-list';
import { annotations } from '@durastack/store/lists/identity/annotations.list';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';

/** Takes a comment away. */
@Handles(removeAnnotation)
export class RemoveAnnotationHandler implements CommandHandler<typeof removeAnnotation> {
  constructor(private readonly platform: Platform) {}

  execute({ caller }: Call, { id }: ParamsOf<typeof removeAnnotation>): Promise<ResultOf<typeof removeAnnotation>> {
    return transaction(this.platform.database, async (tx) => {
      const found = await readOne(tx, annotations, caller, id);
      if (caller.role !== 'admin' && found.userId !== caller.userId)
        throw new DurastackError('FORBIDDEN', 'Only who wrote an annotation takes it away, or a root administrator.');
      await tx.execute('DELETE FROM annotation WHERE id = ?', [id]);
      return found;
    });
  }
}

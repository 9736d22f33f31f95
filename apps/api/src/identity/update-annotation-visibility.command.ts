import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { updateAnnotationVisibility } from '@durastack/contracts/identity/update-annotation-visibility';
import { transaction } from '@durastack/store/database/transaction';
import { readOne } from '@durastack/store/lists/engine/run-list';
import { annotations } from '@durastack/store/lists/identity/annotations.list';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';

type Command = typeof updateAnnotationVisibility;

/** Says who sees a comment. */
@Handles(updateAnnotationVisibility)
export class UpdateAnnotationVisibilityHandler implements CommandHandler<Command> {
  constructor(private readonly platform: Platform) {}

  execute({ caller }: Call, { id, adminsOnly }: ParamsOf<Command>): Promise<ResultOf<Command>> {
    return transaction(this.platform.database, async (tx) => {
      await tx.execute('UPDATE annotation SET admins_only = ? WHERE id = ?', [adminsOnly, id]);
      return readOne(tx, annotations, caller, id);
    });
  }
}

import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { DurastackError } from '@durastack/contracts/errors';
import { addAnnotation } from '@durastack/contracts/identity/add-annotation';
import { ANNOTATED_TYPES } from '@durastack/contracts/identity/described-resources';
import { newId } from '@durastack/kit/ids/new-id';
import { insertRow } from '@durastack/store/database/rows';
import { transaction } from '@durastack/store/database/transaction';
import { readOne } from '@durastack/store/lists/engine/run-list';
import { annotations } from '@durastack/store/lists/identity/annotations.list';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { requireDescribed, requireDescribedType } from './described.js';

/** Writes a comment on something. */
@Handles(addAnnotation)
export class AddAnnotationHandler implements CommandHandler<typeof addAnnotation> {
  constructor(private readonly platform: Platform) {}

  execute({ caller }: Call, params: ParamsOf<typeof addAnnotation>): Promise<ResultOf<typeof addAnnotation>> {
    const { entityType, entityId, annotation, adminsOnly = false } = params;
    const type = requireDescribedType(ANNOTATED_TYPES, { parameter: 'entitytype', name: entityType });
    if (annotation.trim() === '')
      throw new DurastackError('INVALID_INPUT', 'annotation is empty: say what there is to say.');
    if (adminsOnly && caller.role !== 'admin')
      throw new DurastackError('INVALID_INPUT', 'adminsonly: only root administrators write for themselves alone.');
    return transaction(this.platform.database, async (tx) => {
      const owner = await requireDescribed(tx, caller, { type, id: entityId, parameter: 'entityid' });
      const id = newId();
      await insertRow(tx, 'annotation', {
        ...{ id, text: annotation, resource_type: type, resource_id: entityId, admins_only: adminsOnly },
        ...{ account_id: owner.accountId, domain_id: owner.domainId, user_id: caller.userId, created_at: new Date() },
      });
      return readOne(tx, annotations, caller, id);
    });
  }
}

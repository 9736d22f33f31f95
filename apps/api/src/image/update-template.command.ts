import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { osTypeOf } from '@durastack/contracts/compute/os-types';
import { DurastackError } from '@durastack/contracts/errors';
import { updateTemplate } from '@durastack/contracts/image/update-template';
import { updateRow } from '@durastack/store/database/rows';
import { autocommit } from '@durastack/store/database/transaction';
import { requireAccess } from '@durastack/store/identity/access';
import { readOne } from '@durastack/store/lists/engine/run-list';
import { templates } from '@durastack/store/lists/image/templates.list';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';

/** Changes a template. */
@Handles(updateTemplate)
export class UpdateTemplateHandler implements CommandHandler<typeof updateTemplate> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: ParamsOf<typeof updateTemplate>): Promise<ResultOf<typeof updateTemplate>> {
    const tx = autocommit(this.platform.database);
    const { id, name, displayText, osTypeId, isDynamicallyScalable } = params;
    const template = { type: 'template', id } as const;
    await requireAccess(tx, call.caller, template);
    if (osTypeId !== undefined && osTypeOf(osTypeId) === undefined)
      throw new DurastackError('INVALID_INPUT', `There is no OS type ${osTypeId}; listOsTypes shows all.`);
    await updateRow(tx, template, {
      ...{ name, display_text: displayText, os_type_id: osTypeId, is_dynamically_scalable: isDynamicallyScalable },
    });
    return readOne(tx, templates, call.caller, id);
  }
}

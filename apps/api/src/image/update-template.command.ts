import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { updateTemplate } from '@durastack/contracts/image/update-template';
import { autocommit } from '@durastack/store/database/transaction';
import { readOne } from '@durastack/store/lists/engine/run-list';
import { templates } from '@durastack/store/lists/image/templates.list';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { changeImage } from './change-image.js';

/** Changes a template. */
@Handles(updateTemplate)
export class UpdateTemplateHandler implements CommandHandler<typeof updateTemplate> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: ParamsOf<typeof updateTemplate>): Promise<ResultOf<typeof updateTemplate>> {
    const tx = autocommit(this.platform.database);
    await changeImage(tx, call.caller, 'template', { ...params, bootable: undefined });
    return readOne(tx, templates, call.caller, params.id);
  }
}

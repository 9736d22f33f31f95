import type { ParamsOf } from '@durastack/contracts/command';
import { deleteTemplate } from '@durastack/contracts/image/delete-template';
import { autocommit } from '@durastack/store/database/transaction';
import { Handles, type CommandHandler, type StartedOperation } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { acceptOn } from '../operations/accept-on.js';
import { Platform } from '../platform.js';
import { requireImage } from './image-access.js';

/** Accepts the removal of a template. */
@Handles(deleteTemplate)
export class DeleteTemplateHandler implements CommandHandler<typeof deleteTemplate> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, { id }: ParamsOf<typeof deleteTemplate>): Promise<StartedOperation> {
    await requireImage(autocommit(this.platform.database), call.caller, { kind: 'template', id });
    return acceptOn(this.platform, call, {
      command: deleteTemplate,
      resource: { type: 'template', id },
      owned: true,
    });
  }
}

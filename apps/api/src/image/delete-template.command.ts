import type { ParamsOf } from '@durastack/contracts/command';
import { deleteTemplate } from '@durastack/contracts/image/delete-template';
import { Handles, type CommandHandler, type StartedOperation } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { acceptOn } from '../operations/accept-on.js';
import { Platform } from '../platform.js';

/** Accepts the removal of a template. */
@Handles(deleteTemplate)
export class DeleteTemplateHandler implements CommandHandler<typeof deleteTemplate> {
  constructor(private readonly platform: Platform) {}

  execute(call: Call, params: ParamsOf<typeof deleteTemplate>): Promise<StartedOperation> {
    return acceptOn(this.platform, call, {
      command: deleteTemplate,
      resource: { type: 'template', id: params.id },
      owned: true,
    });
  }
}

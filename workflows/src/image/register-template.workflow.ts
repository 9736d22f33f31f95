import type { TemplatePorts } from '@durastack/contracts/image/template.ports';
import { defineSteps, hostVerb, poll, undoable } from '@durastack/kit/saga/steps';
import { operationWorkflow } from '@durastack/kit/temporal/operation-workflow';

/**
 * Fetches an image, checks it and stores it standalone.
 *
 * No pivot. If everything fails, or it is refused: `Error` with the reason, and no file is left.
 */
export const registerTemplateSteps = defineSteps<TemplatePorts>([
  undoable('Fetch, check and convert the image', { do: poll('fetchTemplate'), undo: hostVerb('removeTemplateImage') }),
]);

/** See {@link registerTemplateSteps}. */
export const registerTemplate = operationWorkflow(registerTemplateSteps);

import type { TemplatePorts } from '@durastack/contracts/image/template.ports';
import { defineSteps, forwardOnly, hostVerb, nothing, pivot, quick, undoable } from '@durastack/kit/saga/steps';
import { operationWorkflow } from '@durastack/kit/temporal/operation-workflow';

/**
 * Removes a template that no disk is based on.
 *
 * Its state `Removing` refuses new deploys. Pivot: removing its base images, which are copies.
 */
export const deleteTemplateSteps = defineSteps<TemplatePorts>([
  undoable('Make sure that no disk is based on it', { do: quick('ensureTemplateUnused'), undo: nothing('only looks') }),
  pivot('Remove its base images from pools', hostVerb('removeTemplateFromPools')),
  forwardOnly('Remove its image', hostVerb('removeTemplateImage'), 'who deletes a template wants it gone'),
]);

/** See {@link deleteTemplateSteps}. */
export const deleteTemplate = operationWorkflow(deleteTemplateSteps);

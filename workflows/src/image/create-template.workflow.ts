import type { TemplatePorts } from '@durastack/contracts/image/template.ports';
import { defineSteps, hostVerb, poll, undoable } from '@durastack/kit/saga/steps';
import { operationWorkflow } from '@durastack/kit/temporal/operation-workflow';

/**
 * Copies a disk to the image store, standalone.
 *
 * Before: disk and machine are held, so nothing starts, attaches, grows or removes it meanwhile. No pivot. If it fails:
 * `Error` with the reason, and no file is left. The disk is only read.
 */
export const createTemplateSteps = defineSteps<TemplatePorts>([
  undoable('Copy the disk to the image store', { do: poll('storeTemplate'), undo: hostVerb('removeTemplateImage') }),
]);

/** See {@link createTemplateSteps}. */
export const createTemplate = operationWorkflow(createTemplateSteps);

import { operationWorkflow } from '@durastack/kit/temporal/operation-workflow';
import { deleteTemplateSteps } from './delete-template.workflow.js';

/** Removes an ISO that nothing uses, as a template. */
export const deleteIsoSteps = deleteTemplateSteps;

/** See {@link deleteIsoSteps}. */
export const deleteIso = operationWorkflow(deleteIsoSteps);

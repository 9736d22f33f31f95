import { operationWorkflow } from '@durastack/kit/temporal/operation-workflow';
import { attachIsoSteps } from './attach-iso.workflow.js';

/** Changes what is in a machine's CD drive to nothing. */
export const detachIsoSteps = attachIsoSteps;

/** See {@link detachIsoSteps}. */
export const detachIso = operationWorkflow(detachIsoSteps);

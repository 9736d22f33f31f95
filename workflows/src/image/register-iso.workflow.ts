import { operationWorkflow } from '@durastack/kit/temporal/operation-workflow';
import { registerTemplateSteps } from './register-template.workflow.js';

/** Fetches a CD's image, checks it and stores it, as a template's. */
export const registerIsoSteps = registerTemplateSteps;

/** See {@link registerIsoSteps}. */
export const registerIso = operationWorkflow(registerIsoSteps);

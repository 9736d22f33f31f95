import { operationWorkflow } from '@durastack/kit/temporal/operation-workflow';
import { cleanUpSteps } from './clean-up-steps.js';

/** Removes a domain with the projects, accounts and domains in it. */
export const deleteDomainSteps = cleanUpSteps;

/** See {@link deleteDomainSteps}. */
export const deleteDomain = operationWorkflow(deleteDomainSteps);

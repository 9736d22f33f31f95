import { operationWorkflow } from '@durastack/kit/temporal/operation-workflow';
import { cleanUpSteps } from './clean-up-steps.js';

/** Removes an account with its machines, volumes, networks and templates. */
export const deleteAccountSteps = cleanUpSteps;

/** See {@link deleteAccountSteps}. */
export const deleteAccount = operationWorkflow(deleteAccountSteps);

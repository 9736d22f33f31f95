import { operationWorkflow } from '@durastack/kit/temporal/operation-workflow';
import { cleanUpSteps } from './clean-up-steps.js';

/** Removes a project with its machines, volumes, networks and templates. */
export const deleteProjectSteps = cleanUpSteps;

/** See {@link deleteProjectSteps}. */
export const deleteProject = operationWorkflow(deleteProjectSteps);

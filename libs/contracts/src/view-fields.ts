/** Fields that many reply views share. */
import { int, text, uuid } from './fields.js';

/** The project that owns an object. */
export const projectFields = {
  projectId: uuid('The project that owns it.').optional(),
  project: text('The name of that project.').optional(),
} as const;

/** Who owns an object. */
export const ownerFields = {
  account: text('The account that owns it; absent when a project does.').optional(),
  ...projectFields,
  domainId: uuid('The domain of that account.'),
  domain: text('The name of that domain.'),
  domainPath: text('The names from ROOT to that domain.', { max: 1024 }).optional(),
} as const;

/** The operation that holds an object, in CloudStack's words. */
export const jobFields = {
  jobId: uuid('The operation that holds it at present.').optional(),
  jobStatus: int('0 while that operation is under way.').optional(),
} as const;

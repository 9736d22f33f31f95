/** Fields that many reply views share. */
import { int, text, uuid } from './fields.js';

/** Who owns an object. */
export const ownerFields = {
  account: text('The account that owns it.'),
  domainId: uuid('The domain of that account.'),
  domain: text('The name of that domain.'),
  domainPath: text('The names from ROOT to that domain.', { max: 1024 }).optional(),
} as const;

/** The operation that holds an object, in CloudStack's words. */
export const jobFields = {
  jobId: uuid('The operation that holds it at present.').optional(),
  jobStatus: int('0 while that operation is under way.').optional(),
} as const;

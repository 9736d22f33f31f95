import { z } from 'zod';
import { text, uuid } from '../fields.js';
import { ownerFields } from '../view-fields.js';

const { domainId, domain, ...owner } = ownerFields;

/** A detail of something. */
export const resourceDetailView = z.object({
  key: text('Its name.'),
  value: text('Its value.', { max: 4_096 }),
  resourceType: text("CloudStack's name of the kind of thing."),
  resourceId: uuid('The thing.'),
  ...owner,
  domainId: domainId.optional(),
  domain: domain.optional(),
});

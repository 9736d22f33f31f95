import { z } from 'zod';
import { long, text, uuid } from '../fields.js';
import { projectFields } from '../view-fields.js';

/** Whose limits or counts they are, and of what. */
export const resourceOwnerFields = {
  resourceType: text('CloudStack’s number of the kind.'),
  resourceTypeName: text('The name of the kind, e.g. user_vm.'),
  account: text('The account; absent for a domain or a project.').optional(),
  ...projectFields,
  domainId: uuid('The domain.'),
  domain: text('Its name.'),
  domainPath: text('The names from ROOT to it.', { max: 1024 }),
};

/** A limit. */
export const resourceLimitView = z.object({
  ...resourceOwnerFields,
  max: long('How many there may be, MiB of memory, GiB of storage; -1: any number.'),
});

/** How many there are. */
export const resourceCountView = z.object({
  ...resourceOwnerFields,
  resourceCount: long('How many there are, MiB of memory, bytes of storage.'),
});

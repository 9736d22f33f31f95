import { list, object, text, uuid } from '../fields.js';
import { projectFields } from '../view-fields.js';

/** A tag in replies. */
export const tagView = object('A tag', {
  key: text('Key'),
  value: text('Value'),
  resourceType: text("CloudStack's name of the kind of resource"),
  resourceId: uuid('The resource'),
  account: text('Owner; absent when a project is').optional(),
  ...projectFields,
  domainId: uuid("The owner's domain"),
  domain: text("Name of the owner's domain"),
});

/** The tags of a resource in replies. */
export const tags = list('Its tags', tagView);

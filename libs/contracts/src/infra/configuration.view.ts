import { z } from 'zod';
import { bool, text } from '../fields.js';

/** A setting. */
export const configurationView = z.object({
  name: text('Its name.'),
  value: text('Its value; the default unless it was changed.', { max: 4_096 }),
  defaultValue: text('What it is until somebody changes it.', { max: 4_096 }),
  description: text('What it does.', { max: 4_096 }),
  displayText: text('The same as its name.'),
  type: text('Boolean, Integer, Float or String.'),
  category: text('Advanced.'),
  component: text('The part of the product that reads it.'),
  group: text('What it belongs to.'),
  scope: text('Cluster, StoragePool, Domain or Account: each may have its own. Global: there is one for all.'),
  options: text('What it may be, comma-joined, where that is a closed list.').optional(),
  isDynamic: bool('Whether a change counts at once.'),
});

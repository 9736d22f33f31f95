import { z } from 'zod';
import { ALL_ROLES, defineCommand } from '../command.js';
import { text, uuid } from '../fields.js';
import { volumeView } from './volume.view.js';

/** Gives a volume another name. */
export const updateVolume = defineCommand({
  name: 'updateVolume',
  domain: 'storage',
  description: 'Gives a volume another name. What is on it, and where it is, stays as it is.',
  event: 'VOLUME.UPDATE',
  rest: { method: 'PATCH', path: '/volumes/{id}' },
  roles: ALL_ROLES,
  params: z.object({ id: uuid('The volume.'), name: text('Its new name.').min(1).optional() }),
  result: volumeView,
  wrapper: 'volume',
  answersAsJob: true,
});

import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { alertSelection } from './alert-selection.js';

/** Hides alerts from the list. */
export const archiveAlerts = defineCommand({
  name: 'archiveAlerts',
  domain: 'operations',
  description: 'Hides alerts from the list; while its reason lasts, no other is raised for it.',
  event: 'ALERT.ARCHIVE',
  rest: { method: 'POST', path: '/alerts/archive' },
  roles: ROOT_ONLY,
  params: z.object(alertSelection),
});

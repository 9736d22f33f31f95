import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { alertSelection } from './alert-selection.js';

/** Deletes alerts. */
export const deleteAlerts = defineCommand({
  name: 'deleteAlerts',
  domain: 'operations',
  description: 'Deletes alerts; one whose reason lasts is raised anew by the next check.',
  event: 'ALERT.DELETE',
  rest: { method: 'POST', path: '/alerts/delete' },
  roles: ROOT_ONLY,
  params: z.object(alertSelection),
});

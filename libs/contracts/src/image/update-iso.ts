import { z } from 'zod';
import { ALL_ROLES, defineCommand } from '../command.js';
import { bool, int, map, text, uuid } from '../fields.js';
import { templateView } from './template.view.js';

/** Changes what an ISO is called and what is known of it. */
export const updateIso = defineCommand({
  name: 'updateIso',
  domain: 'image',
  description: 'Changes the name and description of an ISO, and what is known of it.',
  event: 'ISO.UPDATE',
  rest: { method: 'PATCH', path: '/isos/{id}' },
  roles: ALL_ROLES,
  params: z.object({
    id: uuid('The ISO.'),
    name: text('Its new name.').min(1).optional(),
    displayText: text('Its new description.', { max: 4096 }).optional(),
    osTypeId: uuid('The kind of its operating system.').optional(),
    bootable: bool('Whether machines can boot from it.').optional(),
    isDynamicallyScalable: bool('Kept and shown.').optional(),
    format: text('Accepted for compatibility: it is an ISO.').optional(),
    passwordEnabled: bool('Kept and shown.').optional(),
    sshKeyEnabled: bool('Accepted for compatibility.').optional(),
    requiresHvm: bool('Accepted for compatibility.').optional(),
    isRouting: bool('Accepted for compatibility: none is for routers.').optional(),
    sortKey: int('Accepted for compatibility.').optional(),
    details: map('Accepted for compatibility.').optional(),
    cleanupDetails: bool('Accepted for compatibility.').optional(),
  }),
  result: templateView,
  wrapper: 'iso',
});

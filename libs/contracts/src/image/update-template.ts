import { z } from 'zod';
import { ALL_ROLES, defineCommand } from '../command.js';
import { bool, int, map, text, uuid } from '../fields.js';
import { templateView } from './template.view.js';

/** Changes what a template is called and what is known of it. */
export const updateTemplate = defineCommand({
  name: 'updateTemplate',
  domain: 'image',
  description: 'Changes the name and description of a template, and what is known of its operating system.',
  event: 'TEMPLATE.UPDATE',
  rest: { method: 'PATCH', path: '/templates/{id}' },
  roles: ALL_ROLES,
  params: z.object({
    id: uuid('The template.'),
    name: text('Its new name.').min(1).optional(),
    displayText: text('Its new description.', { max: 4096 }).optional(),
    osTypeId: uuid('The kind of its operating system.').optional(),
    isDynamicallyScalable: bool('Whether its machines can grow while they run.').optional(),
    format: text('Accepted for compatibility: what was fetched is what it is.').optional(),
    bootable: bool('Accepted for compatibility: all boot.').optional(),
    passwordEnabled: bool('Whether its guests take passwords: kept and shown, none are made for them.').optional(),
    sshKeyEnabled: bool('Accepted for compatibility: all take SSH keys.').optional(),
    requiresHvm: bool('Accepted for compatibility: all do.').optional(),
    isRouting: bool('Accepted for compatibility: none is for routers.').optional(),
    sortKey: int('Accepted for compatibility.').optional(),
    details: map('Accepted for compatibility.').optional(),
    cleanupDetails: bool('Accepted for compatibility.').optional(),
  }),
  result: templateView,
  wrapper: 'template',
});

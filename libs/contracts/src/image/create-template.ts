import { z } from 'zod';
import { ALL_ROLES, defineCommand } from '../command.js';
import { bool, int, map, text, uuid } from '../fields.js';
import { templateView } from './template.view.js';

/** Makes a template of a disk. */
export const createTemplate = defineCommand({
  name: 'createTemplate',
  domain: 'image',
  description:
    'Copies a disk that nothing writes to, of a stopped virtual machine or of none, to the image store and makes it a template.',
  event: 'TEMPLATE.CREATE',
  rest: { method: 'POST', path: '/templates/of-volume' },
  roles: ALL_ROLES,
  params: z.object({
    name: text('Its name.').min(1),
    displayText: text('Its name for people; the name when not given.', { max: 4096 }).optional(),
    osTypeId: uuid('OS type.'),
    volumeId: uuid('The disk.').optional(),
    virtualMachineId: uuid('The root disk of this stopped virtual machine, instead.').optional(),
    isPublic: bool('Whether every account may deploy it.').optional(),
    isFeatured: bool('Whether it stands out in lists (administrators).').optional(),
    isDynamicallyScalable: bool('Whether its guests can take processors and memory while they run.').optional(),
    passwordEnabled: bool('Whether its guests take passwords: kept and shown, none are made for them.').optional(),
    sshKeyEnabled: bool('Accepted for compatibility: keys are always taken.').optional(),
    requiresHvm: bool('Accepted for compatibility.').optional(),
    bits: int('Accepted for compatibility.').optional(),
    templateTag: text('Accepted for compatibility.').optional(),
    details: map('Accepted for compatibility.').optional(),
    account: text('The owner, with domainid (administrators); that of the disk when not given.').optional(),
    projectId: uuid('The project that owns it, instead of an account.').optional(),
    domainId: uuid("The owner's domain.").optional(),
    zoneId: uuid('Accepted for compatibility: it is in the zone of the disk.').optional(),
  }),
  result: templateView,
  wrapper: 'template',
  operation: {
    title: 'Create template',
    resource: 'template',
    creates: true,
    locks: { template: 'exclusive', volume: 'exclusive', 'virtual-machine': 'exclusive', 'image-store': 'shared' },
    lifecycle: { succeed: 'Downloaded', undo: 'DownloadUndone' },
  },
});

import { z } from 'zod';
import { ALL_ROLES, defineCommand } from '../command.js';
import { bool, list, map, text, uuid, word } from '../fields.js';
import { templateView } from './template.view.js';

/** Fetches a disk image from a URL and makes it a template. */
export const registerTemplate = defineCommand({
  name: 'registerTemplate',
  domain: 'image',
  description:
    'Fetches a disk image from a URL, checks it and makes it a template. The reply comes at once; watch `isready` and `status`.',
  event: 'TEMPLATE.CREATE',
  rest: { method: 'POST', path: '/templates' },
  roles: ALL_ROLES,
  params: z.object({
    name: text('Its name.'),
    displayText: text('Its name for people; the name when not given.', { max: 4096 }).optional(),
    url: text('http or https URL of the image.', { max: 2048 }),
    format: text('QCOW2, RAW, VMDK, VHDX or VDI.'),
    hypervisor: text('KVM or Simulator.'),
    zoneId: uuid('Its zone.').optional(),
    zoneIds: list('Its zone; one only.', word).optional(),
    osTypeId: uuid('OS type.').optional(),
    checksum: text('Checksum of the file: {SHA-256}hex, or bare hex of MD5, SHA-1, SHA-256 or SHA-512.').optional(),
    isPublic: bool('Whether every account may deploy it.').optional(),
    isFeatured: bool('Whether it stands out in lists (administrators).').optional(),
    isExtractable: bool('Whether it may be downloaded.').optional(),
    passwordEnabled: bool('Whether its guests take passwords: kept and shown, none are made for them.').optional(),
    sshKeyEnabled: bool('Accepted for compatibility: keys are always taken.').optional(),
    requiresHvm: bool('Accepted for compatibility.').optional(),
    isDynamicallyScalable: bool('Whether its guests can take processors and memory while they run.').optional(),
    account: text('The owner, with domainid (administrators).').optional(),
    projectId: uuid('The project that owns it, instead of an account.').optional(),
    domainId: uuid("The owner's domain.").optional(),
    details: map('Accepted for compatibility.').optional(),
  }),
  result: templateView,
  wrapper: 'template',
  wrapsInList: true,
  operation: {
    title: 'Register template',
    resource: 'template',
    creates: true,
    locks: { template: 'exclusive', 'image-store': 'shared' },
    lifecycle: { succeed: 'Downloaded', undo: 'DownloadUndone' },
    cloudStackWaitMs: 0,
  },
});

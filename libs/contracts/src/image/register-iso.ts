import { z } from 'zod';
import { ALL_ROLES, defineCommand } from '../command.js';
import { bool, text, uuid } from '../fields.js';
import { templateView } from './template.view.js';

/** Fetches a CD's image from a URL. */
export const registerIso = defineCommand({
  name: 'registerIso',
  domain: 'image',
  description:
    "Fetches a CD's image (ISO) from a URL and checks it. The reply comes at once; watch `isready` and `status`.",
  event: 'ISO.CREATE',
  rest: { method: 'POST', path: '/isos' },
  roles: ALL_ROLES,
  params: z.object({
    name: text('Its name.').min(1),
    displayText: text('Its name for people; the name when not given.', { max: 4096 }).optional(),
    url: text('http or https URL of the image.', { max: 2048 }),
    zoneId: uuid('Its zone.'),
    bootable: bool('Whether machines can boot from it; yes when not given. Noted for people.').optional(),
    osTypeId: uuid('OS type.').optional(),
    checksum: text('Checksum of the file: {SHA-256}hex, or bare hex of MD5, SHA-1, SHA-256 or SHA-512.').optional(),
    isPublic: bool('Whether every account may use it.').optional(),
    isFeatured: bool('Whether it stands out in lists (administrators).').optional(),
    isExtractable: bool('Whether it may be downloaded.').optional(),
    isDynamicallyScalable: bool('Kept and shown.').optional(),
    passwordEnabled: bool('Kept and shown.').optional(),
    account: text('The owner, with domainid (administrators).').optional(),
    projectId: uuid('The project that owns it, instead of an account.').optional(),
    domainId: uuid("The owner's domain.").optional(),
  }),
  result: templateView,
  wrapper: 'iso',
  wrapsInList: true,
  operation: {
    title: 'Register ISO',
    resource: 'template',
    creates: true,
    locks: { template: 'exclusive', 'image-store': 'shared' },
    lifecycle: { succeed: 'Downloaded', undo: 'DownloadUndone' },
    cloudStackWaitMs: 0,
  },
});

import { z } from 'zod';
import { defineListCommand, ROOT_ONLY } from '../command.js';
import { text } from '../fields.js';

/** Lists who can tell whether a host is dead. */
export const listHostHAProviders = defineListCommand({
  name: 'listHostHAProviders',
  domain: 'infra',
  description: 'Lists who can tell whether a host of a hypervisor is dead.',
  rest: { method: 'GET', path: '/host-ha-providers' },
  roles: ROOT_ONLY,
  params: z.object({ hypervisor: text('KVM or Simulator.') }),
  result: z.object({ haProvider: text('What configureHAForHost takes.') }),
  wrapper: 'haprovider',
});

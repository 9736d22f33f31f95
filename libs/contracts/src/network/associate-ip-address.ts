import { z } from 'zod';
import { ALL_ROLES, defineCommand } from '../command.js';
import { bool, int, ipv4, text, uuid } from '../fields.js';
import { publicIpAddressView } from './public-ip-address.view.js';

/** Gives an account a public address. */
export const associateIpAddress = defineCommand({
  name: 'associateIpAddress',
  domain: 'network',
  description: 'Gives an account, or one of its isolated networks, a public address.',
  event: 'NET.IPASSIGN',
  rest: { method: 'POST', path: '/public-ip-addresses' },
  roles: ALL_ROLES,
  params: z.object({
    networkId: uuid('The isolated network that it is for.').optional(),
    zoneId: uuid('The zone, when no network is given.').optional(),
    ipAddress: ipv4('The very address; the first free one when not given.').optional(),
    account: text('The owner, with domainid (administrators).').optional(),
    domainId: uuid("The owner's domain.").optional(),
    projectId: uuid('The project that owns it, instead of an account.').optional(),
    isPortable: bool('There are none that can move to another zone.').optional(),
    forDisplay: bool('Accepted for compatibility: all are shown.').optional(),
    regionId: int('Accepted for compatibility: there is one region.').optional(),
    vpcId: uuid('There are no VPCs.').optional(),
  }),
  result: publicIpAddressView,
  wrapper: 'ipaddress',
  answersAsJob: true,
});

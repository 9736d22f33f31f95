import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { field, oneOf, text, uuid } from '../fields.js';
import { outOfBandManagementView } from './out-of-band-management.view.js';
import { CONTROLLER_DRIVERS } from './power-controller.js';

/** An IP address or host name, which nothing takes for an option. */
const ADDRESS = /^([A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|[0-9A-Fa-f]*:[0-9A-Fa-f:.]+)$/;
/** Without control characters, colon (HTTP's basic authentication ends the name there) and a leading dash. */
const USERNAME = /^[A-Za-z0-9_.@$!\\ ][A-Za-z0-9_.@$!\\ -]{0,63}$/;
// oxlint-disable-next-line no-control-regex -- they are what is refused
const PASSWORD = /^[^\u0000-\u001f\u007f]{1,64}$/;

/** The password of a management controller. */
export const controllerPassword = (description: string) =>
  text(description, { secret: true }).regex(PASSWORD, 'is empty, has over 64 characters or control characters');

/** Says how a host's management controller is reached. */
export const configureOutOfBandManagement = defineCommand({
  name: 'configureOutOfBandManagement',
  domain: 'infra',
  description:
    "Says how a host's management controller is reached: the way to switch the host off when it does not answer any more. It is used once it is enabled.",
  event: 'HOST.OOBM.CONFIGURE',
  rest: { method: 'PUT', path: '/hosts/{hostId}/out-of-band-management' },
  roles: ROOT_ONLY,
  params: z.object({
    hostId: uuid('The host.'),
    driver: oneOf('How it is spoken to: IPMI 2.0 through ipmitool, or Redfish over HTTPS.', CONTROLLER_DRIVERS),
    address: text('Its IP address or host name.').regex(ADDRESS, 'is no IP address or host name'),
    port: field(z.coerce.number('is no port').int('is no port').min(1, 'is no port').max(65_535, 'is no port'), {
      description: 'Its port: 623 for IPMI, 443 for Redfish.',
      wire: 'string',
      length: 5,
    }),
    username: text('The user there.').regex(USERNAME, 'has characters that no controller takes'),
    password: controllerPassword('The password of that user. Kept sealed; in no answer, log or history.'),
    fingerprint: text(
      "Of a Redfish controller: the SHA-256 fingerprint of its certificate, hexadecimal. Without it the control plane's machine must know the authority that signed the certificate.",
    )
      .regex(/^([0-9A-Fa-f]{2}:?){31}[0-9A-Fa-f]{2}$/, 'is no SHA-256 fingerprint')
      .optional(),
  }),
  result: outOfBandManagementView,
  wrapper: 'outofbandmanagement',
});

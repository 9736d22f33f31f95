import { z } from 'zod';
import { bool, oneOf, text, uuid } from '../fields.js';
import { CONTROLLER_DRIVERS, POWER_ACTIONS } from './power-controller.js';

const fields = {
  hostId: uuid('The host.').optional(),
  powerState: text('On, Off or Unknown, as the controller said when it was last asked; Disabled: it is not used.'),
  enabled: bool('Whether it is used: enabled for the host, and disabled neither for its cluster nor for its zone.'),
  driver: oneOf('How it is spoken to.', CONTROLLER_DRIVERS).optional(),
  address: text('Its address.').optional(),
  port: text('Its port.').optional(),
  username: text('The user there. The password is never told.').optional(),
  action: oneOf('What was last asked of it.', POWER_ACTIONS).optional(),
  description: text('What that came to.', { max: 1024 }).optional(),
  status: bool('Whether it succeeded.').optional(),
} as const;

/** The management controller of a host, or what was done to those of a cluster or zone. */
export const outOfBandManagementView = z.object(fields);

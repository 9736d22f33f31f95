import { z } from 'zod';
import { bool, date, oneOf, text, uuid } from '../fields.js';
import { HOST_HA_STATES, type HostHaState } from './host-ha-states.js';

const states = Object.keys(HOST_HA_STATES) as [HostHaState, ...HostHaState[]];

/** How HA stands with a host, as far as it is told with the host itself. */
export const hostHaFields = {
  haEnable: bool('Whether its machines are started elsewhere when it fails.'),
  haState: oneOf('How HA stands with it.', states),
  haProvider: text('Who tells whether it is dead: KVMHAProvider or SimulatorHAProvider.'),
  haReason: text('Why it is in this state.', { max: 1024 }).optional(),
  haSince: date('Since when.').optional(),
};

/** How HA stands with a host. */
export const hostHaView = z.object({
  hostId: uuid('The host.'),
  hostName: text('The name of the host.'),
  ...hostHaFields,
});

import { z } from 'zod';
import { bool, list, text, uuid, word } from '../fields.js';

/** Who serves networks on a physical network. */
export const networkServiceProviderView = z.object({
  id: uuid('The provider.'),
  name: text('Its name.'),
  physicalNetworkId: uuid('The physical network.'),
  destinationPhysicalNetworkId: uuid('Where it bridges to.').optional(),
  state: text('Enabled, Disabled or Shutdown.'),
  serviceList: list('What it serves.', word),
  canEnableIndividualService: bool('Whether services of it can be chosen.'),
});

import { z } from 'zod';
import { text, uuid } from '../fields.js';
import { ownerFields } from '../view-fields.js';

/** What `userDataDetails` is, wherever it is a parameter. */
export const USER_DATA_DETAILS =
  'Values of variables in the user data, which the guest finds in its meta-data (cloud-init: ds.meta_data.NAME)';

/** User data that was registered. */
export const userDataView = z.object({
  id: uuid('The record.'),
  name: text('Its name.'),
  ...ownerFields,
  userData: text('The user data, base64.', { max: 1_048_576, secret: true }),
  params: text('Names of the variables in it, comma-joined.', { max: 4_096 }).optional(),
});

/** The user data of a machine. */
export const machineUserDataView = z.object({
  virtualMachineId: uuid('The virtual machine.'),
  userData: text('Its user data, base64; absent when it has none.', { max: 1_048_576, secret: true }).optional(),
});

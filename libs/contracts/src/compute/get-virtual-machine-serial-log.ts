import { z } from 'zod';
import { ALL_ROLES, defineCommand } from '../command.js';
import { bool, int, text, uuid } from '../fields.js';

/** Reads the end of a virtual machine's serial console log, so that one that does not boot can be seen. */
export const getVirtualMachineSerialLog = defineCommand({
  name: 'getVirtualMachineSerialLog',
  domain: 'compute',
  description: "Reads the end of a virtual machine's serial console log, of its present or last run.",
  rest: { method: 'GET', path: '/virtual-machines/{id}/serial-log' },
  roles: ALL_ROLES,
  readOnly: true,
  params: z.object({
    id: uuid('The virtual machine.'),
    maxBytes: int('At most this many bytes from its end; 65536 when not given.', { min: 1, max: 1_048_576 }).optional(),
  }),
  result: z.object({
    text: text('The log.', { max: 1_048_576 }),
    truncated: bool('Whether there is more before it.'),
  }),
  wrapper: 'seriallog',
});

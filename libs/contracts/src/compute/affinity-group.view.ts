import { z } from 'zod';
import { list, object, text, uuid } from '../fields.js';
import { ownerFields } from '../view-fields.js';

const fields = {
  id: uuid('The group.'),
  name: text('Its name.'),
  type: text('host affinity, host anti-affinity, or one of them non-strict.'),
  description: text('Its description.', { max: 4096 }).optional(),
} as const;

/** An affinity group in the reply of one of its machines. */
export const affinityGroupOfMachine = object('An affinity group', fields);

/** An affinity group. */
export const affinityGroupView = z.object({
  ...fields,
  ...ownerFields,
  virtualMachineIds: list('The machines in it.', uuid('A machine.'), { wireName: 'virtualmachineIds' }),
});

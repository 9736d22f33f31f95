import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { bool, int, oneOf, text } from '../fields.js';
import { haPriority } from './ha-priority.js';
import { SIZE_LIMITS } from './machine-size.js';
import { serviceOfferingView } from './service-offering.view.js';

/** Creates a service offering. */
export const createServiceOffering = defineCommand({
  name: 'createServiceOffering',
  domain: 'compute',
  description: 'Creates a service offering: a size of machine.',
  event: 'SERVICE.OFFERING.CREATE',
  rest: { method: 'POST', path: '/service-offerings' },
  roles: ROOT_ONLY,
  params: z.object({
    name: text('Its name.').min(1),
    displayText: text('Its description; the name when not given.', { max: 4096 }).optional(),
    cpuNumber: int('Virtual processors; needed unless customized.', SIZE_LIMITS.cpuNumber).optional(),
    cpuSpeed: int(
      'MHz of each; needed unless customized, and then that of every machine.',
      SIZE_LIMITS.cpuSpeed,
    ).optional(),
    memory: int('MiB; needed unless customized.', SIZE_LIMITS.memoryMib).optional(),
    customized: bool('Whether each machine chooses its own size.').optional(),
    minCpuNumber: int('The fewest processors that can be chosen.', SIZE_LIMITS.cpuNumber).optional(),
    maxCpuNumber: int('The most processors that can be chosen.', SIZE_LIMITS.cpuNumber).optional(),
    minMemory: int('The least MiB that can be chosen.', SIZE_LIMITS.memoryMib).optional(),
    maxMemory: int('The most MiB that can be chosen.', SIZE_LIMITS.memoryMib).optional(),
    storageType: oneOf('Storage of root disks; shared when not given.', ['shared', 'local']).optional(),
    hostTags: text('Tags that a host must have, comma-joined.').optional(),
    tags: text('Tags that the pool of the root disk must have, comma-joined.').optional(),
    offerHa: bool('Whether machines are started elsewhere when their host fails.').optional(),
    haPriority: haPriority(
      'How important its machines are when hosts fail or are emptied; 5 when not given',
    ).optional(),
    dynamicScalingEnabled: bool('Whether its machines can grow while they run; false when not given.').optional(),
    limitCpuUse: bool('Accepted for compatibility: processors are shared by weight.').optional(),
    isSystem: bool('Accepted for compatibility: there are none for the product itself.').optional(),
  }),
  result: serviceOfferingView,
  wrapper: 'serviceoffering',
});

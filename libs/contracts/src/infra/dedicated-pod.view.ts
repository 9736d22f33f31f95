import { z } from 'zod';
import { text, uuid } from '../fields.js';
import { dedicationFields } from './dedication-fields.js';

/** A dedicated pod. */
export const dedicatedPodView = z.object({
  ...dedicationFields,
  podId: uuid('The pod.'),
  podName: text('The name of the pod.'),
});

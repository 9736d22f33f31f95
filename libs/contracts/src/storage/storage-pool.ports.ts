import type { StepActivity } from '../operations/step.js';

/** Primary-storage pools. */
export interface StoragePoolPorts {
  /** Every host in reach can write to the pool; records its size. */
  ensurePoolOnHosts: StepActivity;
  /** Hosts have forgotten the pool. */
  removePoolFromHosts: StepActivity;
  /** No volume is on it: CONFLICT naming some that are. Waits for operations that chose it before its removal. */
  ensurePoolEmpty: StepActivity;
  /** Base images of templates are gone from it. */
  removeTemplatesFromPool: StepActivity;
  /** Its name is free again. */
  releasePoolRecords: StepActivity;
}

import type { StepActivity } from '../operations/step.js';

/** Templates. */
export interface TemplatePorts {
  /** A host of the zone fetches, checks and converts the image; records its sizes. */
  fetchTemplate: StepActivity;
  /** A host that reaches the disk copies it to the image store, standalone; records its sizes. */
  storeTemplate: StepActivity;
  /** The image is gone from its store. */
  removeTemplateImage: StepActivity;
  /** No disk is based on it, and no CD drive holds it. CONFLICT saying which it is. */
  ensureTemplateUnused: StepActivity;
  /** Its base images are gone from pools. */
  removeTemplateFromPools: StepActivity;
}

import type { VolumeSpec } from '@durastack/contracts/agent/specs';
import type { VerbResult } from '@durastack/contracts/agent/verbs';
import { invariant } from '@durastack/contracts/errors';
import type { StepRef } from '@durastack/contracts/operations/step';
import type { AgentGateway } from '../agent-gateway.js';

const READ_MS = 20_000;

/** How large a volume is, as its guest sees it and as its pool has it, by the host that reaches it. HOST_FENCED as a step's call. */
export async function readVolumeSize(
  agents: AgentGateway,
  { hostId, volume }: { readonly hostId: string; readonly volume: VolumeSpec },
  step: StepRef,
): Promise<VerbResult<'getVolumeSizes'>['sizes'][number]> {
  const [size] = (
    await agents.readForStep(hostId, 'getVolumeSizes', { volumes: [volume] }, { step, timeoutMs: READ_MS })
  ).sizes;
  invariant(size, `The host ${hostId} did not tell the size of ${volume.id}.`);
  return size;
}

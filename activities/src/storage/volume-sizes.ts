import type { VolumeSpec } from '@durastack/contracts/agent/specs';
import type { VerbResult } from '@durastack/contracts/agent/verbs';
import { invariant } from '@durastack/contracts/errors';
import type { AgentGateway } from '../agent-gateway.js';

const READ_MS = 20_000;

/** How large a volume is, as its guest sees it and as its pool has it, by the host that reaches it. */
export async function readVolumeSize(
  agents: AgentGateway,
  hostId: string,
  volume: VolumeSpec,
): Promise<VerbResult<'getVolumeSizes'>['sizes'][number]> {
  const [size] = (await agents.read(hostId, 'getVolumeSizes', { volumes: [volume] }, READ_MS)).sizes;
  invariant(size, `The host ${hostId} did not tell the size of ${volume.id}.`);
  return size;
}

/** Which host is maintained next. Pure: the step reads the rows and asks for what this says, until it is done. */
import type { RollingHost, RollingScene } from '@durastack/contracts/infra/rolling-scene';
import { fitsWithout } from './head-room.js';

/** What follows. */
export type RollingDecision =
  | { readonly kind: 'wait'; readonly hostId: string }
  | { readonly kind: 'maintain'; readonly hostId: string }
  | { readonly kind: 'skip'; readonly hostId: string; readonly reason: string }
  | { readonly kind: 'stop'; readonly reason: string }
  | { readonly kind: 'done' };

/** The code with which a host's maintenance ends when a script says that it is to be passed over. */
export const AVOIDED = 'NOT_ALLOWED_IN_STATE';

const OPEN = new Set(['queued', 'granted', 'running']);

/** Decides. */
export function decideRolling(scene: RollingScene): RollingDecision {
  const settled = new Set(scene.skipped.map(({ hostId }) => hostId));
  for (const { hostId, state, errorCode, error } of scene.children) {
    if (OPEN.has(state)) return { kind: 'wait', hostId };
    if (state === 'succeeded' || settled.has(hostId)) {
      settled.add(hostId);
      continue;
    }
    const reason = error ?? state;
    const mayGoOn = errorCode === AVOIDED || scene.forced;
    if (!mayGoOn) return { kind: 'stop', reason: `${nameOf(scene, hostId)}: ${reason}` };
    return { kind: 'skip', hostId, reason };
  }
  const next = scene.targets.find(({ id }) => !settled.has(id));
  if (!next) return { kind: 'done' };
  if (!next.usable) return { kind: 'skip', hostId: next.id, reason: 'It does not answer, or takes no machines.' };
  return withinReserve(next, scene);
}

/** The others must be able to take its machines, and unless forced could bear the loss of one more host. */
function withinReserve(next: RollingHost, { clusterHosts, forced }: RollingScene): RollingDecision {
  const cluster = clusterHosts.filter(({ clusterId }) => clusterId === next.clusterId);
  if (fitsWithout(cluster, next.id, forced ? 0 : 1)) return { kind: 'maintain', hostId: next.id };
  if (forced)
    return { kind: 'skip', hostId: next.id, reason: 'The other hosts of its cluster cannot take its machines.' };
  return {
    kind: 'stop',
    reason: `Without ${next.name} its cluster could not bear the loss of one more host; forced=true goes on without that reserve.`,
  };
}

const nameOf = ({ targets }: RollingScene, hostId: string) => targets.find(({ id }) => id === hostId)?.name ?? hostId;

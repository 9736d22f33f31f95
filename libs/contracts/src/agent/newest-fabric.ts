import type { NetworkSpec } from './specs.js';

/**
 * The network as asked for, with the newer of what the two say of who takes part: that is told by several callers, and
 * what one of them read earlier must not undo what another one read later.
 */
export function newestFabric(asked: NetworkSpec, known: NetworkSpec | undefined): NetworkSpec {
  if (!asked.vxlan || known?.vxlan?.vni !== asked.vxlan.vni) return asked;
  return known.vxlan.revision > asked.vxlan.revision ? { ...asked, vxlan: known.vxlan } : asked;
}

/** What is done next of a plan. Pure: the step reads the rows and asks for what this says, until all is done. */
import type { ChangedHost, DrsMove } from '@durastack/contracts/infra/drs-moves';
import { OPEN_OPERATION_STATES } from '@durastack/contracts/operations/operation.state';

/** What is known of a plan that is carried out. */
export interface MovesScene {
  readonly moves: readonly DrsMove[];
  /** Hosts of the plan that neither give nor take machines now; `awaited`: silent for so short that it may come back. */
  readonly changedHosts: readonly ChangedHost[];
  /** A host of the cluster is given up, or its machines are started elsewhere. */
  readonly recovering: boolean;
  /** Machines that move at the same time. */
  readonly atOnce: number;
}

/** What follows. */
export type MovesDecision =
  | { readonly kind: 'go-on'; readonly start: readonly number[]; readonly passOver: readonly PassedOver[] }
  | { readonly kind: 'stop'; readonly reason: string }
  | { readonly kind: 'done' };

interface PassedOver {
  readonly position: number;
  readonly reason: string;
}

/** So many moves may fail before the plan is given up. */
const FAILURES = 3;

/** Decides. The moves begin in their order: later ones may need the room that earlier ones leave. */
export function decideMoves({ moves, changedHosts, recovering, atOnce }: MovesScene): MovesDecision {
  const underWay = moves.filter(
    ({ childState }) => childState !== null && OPEN_OPERATION_STATES.includes(childState),
  ).length;
  const left = moves.filter(({ passedOver, childState }) => passedOver === null && childState === null);
  if (left.length === 0) return underWay === 0 ? { kind: 'done' } : { kind: 'go-on', start: [], passOver: [] };
  const hosts = new Set(left.flatMap(({ fromHostId, toHostId }) => [fromHostId, toHostId]));
  const changed = changedHosts.filter(({ id }) => hosts.has(id));
  const reason = whyStop(moves, changed);
  if (reason !== undefined) return { kind: 'stop', reason };
  // What is started elsewhere comes first; an agent that only restarts is back in seconds.
  if (recovering || changed.length > 0) return { kind: 'go-on', start: [], passOver: [] };
  const passOver: PassedOver[] = [];
  const start: number[] = [];
  for (const move of left) {
    if (start.length >= atOnce - underWay) break;
    const why = whyNot(move);
    if (why === undefined) start.push(move.position);
    else passOver.push({ position: move.position, reason: why });
  }
  return { kind: 'go-on', start, passOver };
}

function whyStop(moves: readonly DrsMove[], changed: readonly ChangedHost[]): string | undefined {
  const out = changed.find(({ awaited }) => !awaited);
  if (out) return `Host ${out.name} is ${out.what} now.`;
  const failed = moves.filter(({ childState }) => childState === 'failed');
  if (failed.length < FAILURES) return undefined;
  return `${failed.length} moves failed, the last with: ${failed.at(-1)?.childError ?? 'no reason was noted'}`;
}

/** Why a machine is left where it is: it is not what was planned for. */
function whyNot({ vmHostId, vmState, vmBusy, fromHostId }: DrsMove): string | undefined {
  if (vmState === null) return 'The machine has gone.';
  if (vmBusy) return 'Another operation is at work on the machine.';
  if (vmState !== 'Running') return `The machine is ${vmState} now.`;
  return vmHostId === fromHostId ? undefined : 'The machine is on another host now.';
}

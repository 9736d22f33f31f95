/** Whether anything happened twice on hosts, or without an operation: from what hosts noted and operations' rows. */
import type { SimulatedEffect } from '@durastack/drivers/simulator/effect-log';
import type { OperationFacts } from './operations.js';

/** Both clocks are this machine's, but rows hold whole milliseconds. */
const TOLERANCE_MS = 5;
const MAY_START = new Set([
  'deployVirtualMachine',
  'startVirtualMachine',
  'rebootVirtualMachine',
  'failOverVirtualMachine',
]);

interface Judged {
  readonly operation: OperationFacts;
  starts: number;
}

/** Operations as they were at one moment, milliseconds since the epoch. */
export interface OperationsThen {
  readonly operations: readonly OperationFacts[];
  readonly readAt: number;
}

/** What was seen on hosts. */
export interface JudgedEffects {
  /** A sentence for each effect that must not have been. */
  readonly found: readonly string[];
  /** Starts of machines that were judged. */
  readonly starts: number;
}

/**
 * Judges effects, in the order in which they happened; what came after operations were read is of none of them.
 *
 * @param deaths moments at which a host lost what it ran or was starting, milliseconds since the epoch
 */
export async function judgeEffects(
  effects: AsyncIterable<SimulatedEffect> | readonly SimulatedEffect[],
  { operations, readAt }: OperationsThen,
  deaths: readonly number[],
): Promise<JudgedEffects> {
  const found: string[] = [];
  let starts = 0;
  const runsOn = new Map<string, string>();
  const made = new Set<string>();
  const ofMachine = new Map<string, Judged[]>();
  for (const operation of operations) {
    const known = ofMachine.get(operation.resourceId) ?? [];
    known.push({ operation, starts: 0 });
    ofMachine.set(operation.resourceId, known);
  }
  for await (const { at, hostId, kind, id } of effects) {
    if (at > readAt) break;
    if (kind === 'vm-off' || kind === 'vm-gone') {
      if (runsOn.get(id) === hostId) runsOn.delete(id);
    } else if (kind === 'volume-made') {
      if (made.has(id)) found.push(`volume ${id} was made twice, the second time on host ${hostId}`);
      made.add(id);
    } else if (kind === 'vm-running') {
      starts += 1;
      const other = runsOn.get(id);
      if (other !== undefined && other !== hostId)
        found.push(`machine ${id} was started on host ${hostId} while it ran on host ${other}`);
      runsOn.set(id, hostId);
      const fault = judgeStart(ofMachine.get(id) ?? [], at, deaths);
      if (fault !== undefined) found.push(`machine ${id} was started on host ${hostId} ${fault}`);
    }
  }
  return { found, starts };
}

function judgeStart(ofMachine: Judged[], at: number, deaths: readonly number[]): string | undefined {
  const when = new Date(at).toISOString();
  const judged = ofMachine.find(({ operation: { startedAt, endedAt } }) => {
    if (startedAt === null || at < startedAt - TOLERANCE_MS) return false;
    return endedAt === null || at <= endedAt + TOLERANCE_MS;
  });
  if (judged === undefined) return `at ${when}, when no operation on it was under way`;
  const { id, kind, run, startedAt } = judged.operation;
  if (!MAY_START.has(kind)) return `at ${when}, during ${kind} ${id}`;
  judged.starts += 1;
  // A reboot whose run was lost after its start cannot know of it, and does it all again.
  const known = kind === 'rebootVirtualMachine' ? run : 1;
  // What was started on a host that then lost its power is started again.
  const mayStart = known + deaths.filter((death) => death <= at && death >= (startedAt ?? at)).length;
  return judged.starts > mayStart ? `${judged.starts} times by ${kind} ${id}` : undefined;
}

/** One machine of a restored database against what is really there. Pure. */
import type {
  MachineRow,
  MachineVerdict,
  OpenOperation,
  OperationVerdict,
  RecoveryFinding,
  VolumeRow,
  VolumeVerdict,
} from './recovery-facts.js';

/** Where a domain was seen. */
export interface Sighting {
  readonly hostId: string;
  readonly power: string;
}

/** Where its disk is: on these pools, nowhere, on a pool that looks empty, or where nobody could look. */
export type DiskFacts =
  | { readonly kind: 'there'; readonly poolId: string }
  | { readonly kind: 'gone' }
  | { readonly kind: 'in-doubt'; readonly poolName: string }
  | { readonly kind: 'unread' };

/** Everything about one machine. */
export interface MachineCase {
  readonly row: MachineRow;
  readonly volume: VolumeRow | undefined;
  readonly disk: DiskFacts;
  readonly sightings: readonly Sighting[];
  /** The operation that had begun on it. */
  readonly operation: OpenOperation | undefined;
}

/** The conclusions about one machine. */
export interface MachineJudgement {
  readonly machine: MachineVerdict;
  readonly volume?: VolumeVerdict;
  readonly operation?: OperationVerdict;
  readonly findings: readonly RecoveryFinding[];
}

type Target = 'Running' | 'Stopped' | 'Destroyed' | 'Error';

/** Events that record that a machine is in this state, by the state that its row has. */
const EVENT_TO: Readonly<Record<Target, Readonly<Record<string, string>>>> = {
  Running: { Starting: 'Started', Stopping: 'StopUndone', Stopped: 'PoweredOnOnHost', Migrating: 'Migrated' },
  Stopped: {
    Starting: 'StartUndone',
    Stopping: 'Stopped',
    Running: 'PoweredOffOnHost',
    Migrating: 'PoweredOffOnHost',
    Error: 'Recovered',
  },
  Destroyed: { Stopping: 'Destroyed' },
  Error: {
    Starting: 'FoundGone',
    Stopping: 'FoundGone',
    Running: 'FoundGone',
    Migrating: 'FoundGone',
    Stopped: 'FoundGone',
    Destroyed: 'FoundGone',
  },
};

/** A machine in one of these is on no host, by its row. */
const ENDED = new Set(['Destroyed', 'Error', 'Expunged', 'Expunging']);
const isActive = ({ power }: Sighting) => power === 'running' || power === 'paused';

/** Judges one. */
export function judgeMachine(one: MachineCase): MachineJudgement {
  const { row, operation } = one;
  const findings: RecoveryFinding[] = [];
  const find = (kind: RecoveryFinding['kind'], message: string, hostId?: string) =>
    findings.push({
      kind,
      subject: `virtual-machine:${row.id}${hostId === undefined ? '' : `@${hostId}`}`,
      message,
      ...(hostId === undefined ? {} : { hostId }),
    });

  const place = placeOf(one, find);
  if (operation?.kind === 'expungeVirtualMachine' || operation?.state === 'needs-attention') {
    return { machine: { id: row.id, ...(place ? { place } : {}) }, ...leave(operation), findings };
  }
  const target = targetOf(one, find);
  const event = target === undefined ? undefined : EVENT_TO[target][row.state];
  const volume = volumeOf(one, target);
  return {
    machine: { id: row.id, ...(place ? { place } : {}), ...(event === undefined ? {} : { event }) },
    ...(volume ? { volume } : {}),
    ...(operation ? { operation: endingOf(operation, one, target) } : {}),
    findings,
  };
}

type Find = (kind: RecoveryFinding['kind'], message: string, hostId?: string) => void;

/** Where it is; undefined: the row says so already. */
function placeOf({ row, sightings, operation }: MachineCase, find: Find): MachineVerdict['place'] {
  const active = sightings.filter(isActive);
  const [first, second] = active;
  // Of an interrupted migration one side runs, and the other is held.
  const running = active.filter(({ power }) => power === 'running');
  const candidates = [running, active, sightings].find((some) => some.length > 0) ?? [];
  const chosen = candidates.find(({ hostId }) => hostId === row.hostId) ?? candidates[0];
  if (first && second) {
    const where = active.map(({ hostId, power }) => `${hostId} (${power})`).join(', ');
    find('two-hosts', `${row.name} is on ${active.length} hosts: ${where}.`);
  }
  for (const { hostId, power } of sightings) {
    if (hostId !== chosen?.hostId && power === 'off')
      find(
        'left-domain',
        `A domain of ${row.name} is defined, but off, on this host; the machine is elsewhere.`,
        hostId,
      );
  }
  if (!chosen) return row.hostId === null ? undefined : { hostId: null, power: 'absent' };
  if (ENDED.has(row.state) && operation === undefined)
    find(
      'unwanted-machine',
      `${row.name} is ${row.state} in the database, but ${chosen.power} on this host.`,
      chosen.hostId,
    );
  const known = chosen.hostId === row.hostId && chosen.power === row.observedPower;
  return known ? undefined : { hostId: chosen.hostId, power: chosen.power };
}

/** The state that the facts prove; undefined: the row's own. */
function targetOf({ row, volume, disk, sightings, operation }: MachineCase, find: Find): Target | undefined {
  const there = sightings.length > 0;
  if (row.state === 'Expunged' || row.state === 'Expunging') return undefined;
  if (row.state === 'Error')
    return !there && disk.kind === 'there' && volume?.state === 'Ready' ? 'Stopped' : undefined;
  if (row.state === 'Destroyed' && there) return undefined;
  if (sightings.some(isActive)) {
    if (disk.kind === 'gone' && volume !== undefined && volume.state !== 'Allocated')
      find('missing-volume', `${row.name} runs, but its disk is not on its pool: it will not start again.`);
    return 'Running';
  }
  // A machine that was never started has no disk anywhere, and is complete without one.
  const deploying = operation?.kind === 'deployVirtualMachine';
  const expectsDisk = volume !== undefined && (volume.state !== 'Allocated' || deploying);
  if (!there && expectsDisk && disk.kind === 'gone') {
    if (volume.state !== 'Allocated' || operation === undefined)
      find('gone-machine', `${row.name} (${row.state}) and its disk are nowhere; expunge it.`);
    return 'Error';
  }
  if (!there && disk.kind === 'in-doubt') {
    const message = `The disk of ${row.name} was not found on pool ${disk.poolName}, on which nothing was found at all.`;
    find('missing-volume', `${message} When the pool is there again, begin recovery once more; else expunge it.`);
    return 'Error';
  }
  if (disk.kind === 'unread')
    find('disk-out-of-reach', `Nobody could look for the disk of ${row.name}; it starts when its pool is there again.`);
  if (row.state === 'Destroyed') return undefined;
  return operation?.kind === 'destroyVirtualMachine' ? 'Destroyed' : 'Stopped';
}

function volumeOf({ volume, disk }: MachineCase, target: Target | undefined): VolumeVerdict | undefined {
  if (volume === undefined || volume.state === 'Expunged') return undefined;
  const destroyed = target === 'Destroyed' && volume.state === 'Ready' ? { event: 'DestroyRequested' } : {};
  if (disk.kind === 'there') {
    const moved = disk.poolId === volume.poolId ? {} : { poolId: disk.poolId };
    const made = volume.state === 'Allocated' ? { event: 'Created' } : destroyed;
    const verdict = { id: volume.id, ...moved, ...made };
    return 'poolId' in verdict || 'event' in verdict ? verdict : undefined;
  }
  const lost = disk.kind === 'gone' && target === 'Error';
  if (lost && (volume.poolId !== null || volume.state !== 'Allocated'))
    return { id: volume.id, poolId: null, event: 'FoundGone' };
  return 'event' in destroyed ? { id: volume.id, ...destroyed } : undefined;
}

function leave(operation: OpenOperation): { operation: OperationVerdict } {
  const { id, state } = operation;
  if (state === 'needs-attention')
    return { operation: { id, outcome: 'left', message: 'It needs attention, as it did when the backup was made.' } };
  return { operation: { id, outcome: 'run-again', message: 'An expunge has no way back; it goes on.' } };
}

/** Which states of the machine mean that the operation has reached what it was for. */
const REACHED: Readonly<Record<string, readonly (Target | undefined)[]>> = {
  deployVirtualMachine: ['Running', 'Stopped'],
  startVirtualMachine: ['Running'],
  rebootVirtualMachine: ['Running'],
  // Wherever it is found: nobody knows any more where it was to go.
  migrateVirtualMachine: [],
  stopVirtualMachine: ['Stopped'],
  destroyVirtualMachine: ['Destroyed', 'Error', undefined],
};

function endingOf(operation: OpenOperation, { row }: MachineCase, target: Target | undefined): OperationVerdict {
  const reached = REACHED[operation.kind];
  if (reached === undefined)
    return { id: operation.id, outcome: 'run-again', message: 'It goes on under the new control epoch.' };
  const found = target ?? row.state;
  const message = `The database was restored while it ran; ${row.name} was found ${found}.`;
  if (!operation.begun && !reached.includes(target)) {
    return {
      id: operation.id,
      outcome: 'cancelled',
      message: `The database was restored before it began; ask again if it is still wanted.`,
    };
  }
  return { id: operation.id, outcome: reached.includes(target) ? 'succeeded' : 'failed', message };
}

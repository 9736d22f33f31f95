/**
 * How a host is emptied: which machine is asked to go next, and when that has failed. Pure: the step reads the rows,
 * and asks for what this names, again and again until nothing is left.
 */

/** What to do with a machine whose disk is on storage of its host alone. */
export const LOCAL_STORAGE_POLICIES = ['refuse', 'stop', 'migrate'] as const;
/** See {@link LOCAL_STORAGE_POLICIES}. */
export type LocalStoragePolicy = (typeof LOCAL_STORAGE_POLICIES)[number];

/** A machine that is on the host. */
export interface Resident {
  readonly vmId: string;
  readonly name: string;
  readonly state: string;
  readonly memoryMib: number;
  /** See contracts/compute/ha-priority. */
  readonly haPriority: number;
  readonly onLocalStorage: boolean;
}

/** A machine's way off the host; `migrate-with-volumes`: together with disks that its new host does not reach. */
export type WayOff = 'migrate' | 'migrate-with-volumes' | 'stop';

const WAY_OF_LOCAL: Readonly<Record<LocalStoragePolicy, WayOff>> = {
  refuse: 'migrate',
  stop: 'stop',
  migrate: 'migrate-with-volumes',
};

/** A child that was asked to take a machine away. */
export interface Departure {
  readonly vmId: string;
  readonly state: string;
  readonly error: string | null;
}

/** How a drain is done. */
export interface DrainRules {
  /** Machines that are on their way at the same time. */
  readonly atOnce: number;
  /** How often a machine's departure is tried. */
  readonly attempts: number;
  readonly localStorage: LocalStoragePolicy;
}

/** What is on a host, and what was asked of it. */
export interface DrainScene {
  readonly residents: readonly Resident[];
  readonly departures: readonly Departure[];
  /** Operations that chose the host before it was closed, and have not ended: they may yet bring a machine. */
  readonly arriving: number;
}

/** What follows. */
export type DrainDecision =
  | { readonly kind: 'empty' }
  | { readonly kind: 'go-on'; readonly start: readonly { readonly vmId: string; readonly way: WayOff }[] }
  | { readonly kind: 'hopeless'; readonly reasons: readonly string[] };

const OPEN = new Set(['queued', 'granted', 'running']);

/** Decides; the most important machines go first. */
export function decideDrain({ residents, departures, arriving }: DrainScene, rules: DrainRules): DrainDecision {
  if (residents.length === 0) return arriving === 0 ? { kind: 'empty' } : { kind: 'go-on', start: [] };
  const ofVm = (vmId: string) => departures.filter((departure) => departure.vmId === vmId);
  const reasons = residents.flatMap((resident) => whyNot(resident, ofVm(resident.vmId), rules));
  if (reasons.length > 0) return { kind: 'hopeless', reasons };
  const underWay = departures.filter(({ state }) => OPEN.has(state)).length;
  const start = residents
    .filter(({ vmId }) => !ofVm(vmId).some(({ state }) => OPEN.has(state)))
    .sort(mostImportantFirst)
    .slice(0, Math.max(0, rules.atOnce - underWay))
    .map((resident) => ({ vmId: resident.vmId, way: wayOff(resident, rules.localStorage) }));
  return { kind: 'go-on', start };
}

/** The order in which machines leave: by their priority, and of one priority the largest while there is most room. */
export function mostImportantFirst<M extends Pick<Resident, 'haPriority' | 'memoryMib' | 'vmId'>>(a: M, b: M): number {
  return b.haPriority - a.haPriority || b.memoryMib - a.memoryMib || (a.vmId < b.vmId ? -1 : 1);
}

/** How a machine leaves. */
export function wayOff({ onLocalStorage }: Resident, localStorage: LocalStoragePolicy): WayOff {
  return onLocalStorage ? WAY_OF_LOCAL[localStorage] : 'migrate';
}

/** Why a machine cannot leave whatever is tried, or undefined. */
export function whyNotAtAll({ onLocalStorage, state }: Resident, localStorage: LocalStoragePolicy): string | undefined {
  if (onLocalStorage && localStorage === 'refuse')
    return 'has its disk on storage of this host (localstorage=migrate moves that too, localstorage=stop stops it)';
  return state === 'Error' ? 'is in the state Error' : undefined;
}

function whyNot(resident: Resident, departures: readonly Departure[], rules: DrainRules): string[] {
  const { name } = resident;
  const never = whyNotAtAll(resident, rules.localStorage);
  if (never !== undefined) return [`${name} ${never}`];
  const stuck = departures.find((departure) => departure.state === 'needs-attention');
  if (stuck) return [`the move of ${name} needs attention: ${stuck.error ?? 'see its operation'}`];
  const failed = departures.filter((departure) => departure.state === 'failed');
  if (failed.length < rules.attempts) return [];
  return [`${name} could not be moved: ${failed.at(-1)?.error ?? 'no reason was noted'}`];
}

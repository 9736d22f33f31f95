/**
 * How everything in an account, a project or a domain is removed: what is asked to go next, and when that has failed.
 * Pure: the step reads the rows, and asks for what this names, again and again until nothing is left.
 */
import type { ResourceRef } from '@durastack/contracts/resources';

/** Something that is still there. */
export interface Leftover extends ResourceRef {
  readonly name: string;
  /** What has a lower one goes first: machines before their networks. */
  readonly rank: number;
}

/** A child that was asked to remove something. */
export interface Removal {
  readonly resourceId: string;
  readonly isOpen: boolean;
  readonly error: string | null;
}

/** How it is done. */
export interface CleanUpRules {
  /** Things that are on their way at the same time. */
  readonly atOnce: number;
  /** How often the removal of a thing is tried. */
  readonly attempts: number;
}

/** What is there at one moment. */
export interface CleanUpScene {
  readonly leftovers: readonly Leftover[];
  readonly removals: readonly Removal[];
}

/** What follows. */
export type CleanUpDecision =
  | { readonly kind: 'clean' }
  | { readonly kind: 'go-on'; readonly start: readonly Leftover[] }
  | { readonly kind: 'hopeless'; readonly reasons: readonly string[] };

/** Decides what goes next. */
export function decideCleanUp({ leftovers, removals }: CleanUpScene, rules: CleanUpRules): CleanUpDecision {
  if (leftovers.length === 0) return { kind: 'clean' };
  const tries = new Map<string, Removal[]>();
  for (const removal of removals) tries.set(removal.resourceId, [...(tries.get(removal.resourceId) ?? []), removal]);
  const open = removals.filter(({ isOpen }) => isOpen).length;
  const isOpen = ({ id }: Leftover) => tries.get(id)?.some((one) => one.isOpen) === true;
  const isGivenUp = (one: Leftover) => !isOpen(one) && (tries.get(one.id)?.length ?? 0) >= rules.attempts;
  const left = leftovers.filter((one) => !isGivenUp(one));
  const rank = Math.min(...left.map((one) => one.rank));
  const start = left.filter((one) => one.rank === rank && !isOpen(one)).slice(0, Math.max(0, rules.atOnce - open));
  if (start.length > 0 || open > 0) return { kind: 'go-on', start };
  return {
    kind: 'hopeless',
    reasons: leftovers.map(({ type, id, name }) => {
      const why = tries.get(id)?.findLast(({ error }) => error !== null)?.error;
      return `${type} ${name}${why ? ` (${why})` : ''}`;
    }),
  };
}

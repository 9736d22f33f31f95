/**
 * Needs-attention: the short list of what leads there, and what a person may decide.
 *
 * Everything else ends by itself: what may succeed later is tried again for ever, what was superseded is left to
 * the newer run, and what fails before the pivot is undone.
 */
import { ERROR_KINDS, isErrorCode } from '../errors.js';

/** Why an operation needs attention; nothing else leads there. */
export const ATTENTION_CAUSES = {
  UNDO_FAILED: 'An undo was refused in a way that repeating does not change.',
  FORWARD_FAILED: 'A step after the point of no return was refused in a way that repeating does not change.',
} as const;

/** See {@link ATTENTION_CAUSES}. */
export type AttentionCause = keyof typeof ATTENTION_CAUSES;

/** What an administrator may decide about an operation that needs attention. */
export type AttentionDecision = 'retry' | 'undo' | 'give-up';

/** Codes by which a run learns that it is no longer the current one: it ends, and the newer one goes on. */
const OF_A_NEWER_RUN: ReadonlySet<string> = new Set(['SUPERSEDED', 'STALE_TOKEN']);

/**
 * Whether a step's failure ends its run without a word: another run, or a person, has taken over.
 *
 * @param code of the failure
 */
export function isOfNewerRun(code: string): boolean {
  return OF_A_NEWER_RUN.has(code);
}

/**
 * Whether an undo, or a step after the pivot, that failed so may succeed later by itself: it is tried again instead
 * of calling for a person.
 *
 * @param code of the failure
 */
export function mayHealByItself(code: string): boolean {
  return isErrorCode(code) && ERROR_KINDS[code].retryable;
}

/** What may be left behind by an operation that was given up. */
export const REMNANT_KINDS = {
  domain: 'the domain of the machine, perhaps running',
  disk: 'a disk',
  image: 'the image, or parts of it, in the image store',
  'pool-folders': "the pool's folders",
  bridge: "the network's bridge and name server",
  agent: 'the host agent with its settings',
} as const;

/** See {@link REMNANT_KINDS}. */
export type RemnantKind = keyof typeof REMNANT_KINDS;

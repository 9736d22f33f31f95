/**
 * What really happened on simulated hosts, one JSON line each, for those who judge whether anything happened twice.
 *
 * A process that dies between an effect and its line leaves the log short of a beginning or long of an ending, never
 * the reverse: beginnings are noted after they are saved, endings before.
 */
import { appendFileSync } from 'node:fs';

/** Beginnings (a machine runs, a volume exists) and endings. */
export type EffectKind = 'vm-running' | 'vm-off' | 'vm-gone' | 'volume-made' | 'volume-gone';

/** One effect. */
export interface SimulatedEffect {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly hostId: string;
  readonly kind: EffectKind;
  /** Of the machine or volume. */
  readonly id: string;
}

/** Appends to a file; remembers nothing. */
export class EffectLog {
  /** @param file made when missing */
  constructor(private readonly file: string) {}

  /** Notes one effect, at this moment. */
  note(hostId: string, kind: EffectKind, id: string): void {
    const effect: SimulatedEffect = { at: Date.now(), hostId, kind, id };
    appendFileSync(this.file, `${JSON.stringify(effect)}\n`);
  }
}

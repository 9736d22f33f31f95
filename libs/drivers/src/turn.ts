/** The point in a verb after which it goes on by itself: it has answered, and is told of no end any more. */
export interface Turn<T> {
  /** Resolves with what the verb answers there. */
  readonly taken: Promise<T>;
  /** The verb's own signal until then; never aborted later. */
  readonly signal: AbortSignal;
  take(answer: T): void;
}

/** One that was not taken yet. `signal`: the verb's own. */
export function newTurn<T>(signal: AbortSignal): Turn<T> {
  const stop = new AbortController();
  const abort = (): void => stop.abort(signal.reason);
  if (signal.aborted) abort();
  else signal.addEventListener('abort', abort, { once: true });
  let answerBy: (answer: T) => void = () => undefined;
  const taken = new Promise<T>((resolve) => {
    answerBy = resolve;
  });
  const take = (answer: T): void => {
    signal.removeEventListener('abort', abort);
    answerBy(answer);
  };
  return { taken, signal: stop.signal, take };
}

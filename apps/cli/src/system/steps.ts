/** Progress of a long command: one line per step, with its time, as it ends. */

/** Where lines go. */
export interface LineSink {
  write(text: string): unknown;
  readonly isTTY?: boolean;
}

const REDRAW_MS = 200;

/** Prints steps; several may run at once. */
export class Steps {
  private readonly begun = performance.now();
  private readonly running = new Map<string, number>();
  private timer: NodeJS.Timeout | undefined;

  /** @param out a terminal also shows what runs at the moment */
  constructor(private readonly out: LineSink = process.stdout) {}

  /**
   * Runs one step and prints its line when it has ended.
   *
   * @param title what is done
   * @param work gives the result and, through `note`, words for the end of the line
   */
  async run<T>(title: string, work: (note: (words: string) => void) => Promise<T>): Promise<T> {
    const begun = performance.now();
    let words = '';
    this.running.set(title, begun);
    this.draw();
    let mark = 'failed';
    try {
      const result = await work((text) => (words = text));
      mark = 'ok';
      return result;
    } finally {
      this.running.delete(title);
      const time = `${((performance.now() - begun) / 1000).toFixed(1)} s`.padStart(8);
      this.line(`${mark.padEnd(7)}${time}  ${title}${words === '' ? '' : `: ${words}`}`);
      this.draw();
    }
  }

  /** Prints a line of its own. */
  line(text: string): void {
    this.out.write(`${this.erase()}${text}\n`);
  }

  /** Seconds since the first step began. */
  get seconds(): number {
    return (performance.now() - this.begun) / 1000;
  }

  private draw(): void {
    if (!this.out.isTTY) return;
    if (this.running.size === 0) {
      clearInterval(this.timer);
      this.timer = undefined;
      this.out.write(this.erase());
      return;
    }
    this.timer ??= setInterval(() => this.draw(), REDRAW_MS).unref();
    const now = performance.now();
    const parts = [...this.running].map(([title, since]) => `${title} ${((now - since) / 1000).toFixed(0)} s`);
    this.out.write(`${this.erase()}...  ${parts.join(' | ').slice(0, 100)}`);
  }

  private erase(): string {
    return this.out.isTTY ? '\r\u001B[K' : '';
  }
}

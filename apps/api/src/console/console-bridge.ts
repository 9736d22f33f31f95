import type { Duplex } from 'node:stream';
import { createWebSocketStream, type WebSocket } from 'ws';

/** When an open console is ended by itself. */
export interface ConsoleLimits {
  /** Without a byte in either direction. */
  readonly idleMs: number;
  /** From its opening, whatever happens. */
  readonly absoluteMs: number;
  /** Between two pings; a browser that is silent over three of them is gone. */
  readonly pingMs: number;
}

/** As {@link ConsoleLimits}: a day's work, and a lunch break. */
export const CONSOLE_LIMITS: ConsoleLimits = { idleMs: 60 * 60_000, absoluteMs: 12 * 60 * 60_000, pingMs: 30_000 };

/** Close codes of RFC 6455; the reason is shown to the person. */
const NORMAL = 1000;
const POLICY = 1008;
const UNAVAILABLE = 1011;
/** A browser that does not answer the closing handshake is cut off after this. */
const CLOSE_MS = 5_000;

/** Over a slow line an answer waits behind the screen's bytes. */
const SILENT_PINGS = 3;

/** How a console ended. */
export interface ConsoleEnd {
  readonly reason: string;
  readonly bytesToBrowser: number;
  readonly bytesFromBrowser: number;
}

/** One console: a websocket that is open, and the stream from the machine as soon as it is there. */
export class ConsoleBridge {
  private readonly browser: Duplex;
  private readonly opening = new AbortController();
  private readonly timers: NodeJS.Timeout[] = [];
  private machine: Duplex | undefined;
  private bytesToBrowser = 0;
  private bytesFromBrowser = 0;
  private lastByteMs = Date.now();
  private ended = false;
  private settle: (end: ConsoleEnd) => void = () => undefined;

  constructor(
    private readonly socket: WebSocket,
    private readonly limits: ConsoleLimits,
  ) {
    // Made at once: what the browser sends before the machine answers waits in it.
    this.browser = createWebSocketStream(socket);
  }

  /**
   * Carries bytes both ways until either side ends, each side as fast as the other reads.
   *
   * @param open opens the machine's stream; its failure is told to the browser in the words of `failure`
   */
  run(open: (signal: AbortSignal) => Promise<Duplex>, failure: (error: unknown) => string): Promise<ConsoleEnd> {
    const done = new Promise<ConsoleEnd>((resolve) => (this.settle = resolve));
    this.browser.on('error', () => this.end(NORMAL, 'the browser is gone'));
    // Of the socket itself: its stream says so only when everything was read.
    this.socket.on('close', () => this.end(NORMAL, 'closed by the browser'));
    this.watch();
    open(this.opening.signal).then(
      (machine) => this.join(machine),
      (error: unknown) => this.end(UNAVAILABLE, failure(error)),
    );
    return done;
  }

  /** Ends it from outside, for a reason that the person is told. */
  stop(reason: string): void {
    this.end(POLICY, reason);
  }

  private join(machine: Duplex): void {
    machine.on('error', () => this.end(UNAVAILABLE, 'The connection to the virtual machine broke.'));
    machine.on('close', () => this.end(NORMAL, 'The virtual machine closed the console.'));
    machine.on('end', () => this.end(NORMAL, 'The virtual machine closed the console.'));
    if (this.ended) {
      machine.destroy();
      return;
    }
    this.machine = machine;
    machine.on('data', (chunk: Buffer) => {
      this.bytesToBrowser += chunk.length;
      this.lastByteMs = Date.now();
    });
    this.browser.on('data', (chunk: Buffer) => {
      this.bytesFromBrowser += chunk.length;
      this.lastByteMs = Date.now();
    });
    // A pipe stops reading when the other side does not keep up; the counters above only look on.
    machine.pipe(this.browser);
    this.browser.pipe(machine);
  }

  private watch(): void {
    let silentPings = 0;
    const alive = () => (silentPings = 0);
    this.socket.on('pong', alive).on('message', alive);
    const ping = () => {
      if (silentPings >= SILENT_PINGS) return this.end(NORMAL, 'the browser is gone');
      silentPings += 1;
      if (this.socket.readyState === this.socket.OPEN) this.socket.ping();
    };
    const idle = () => {
      if (Date.now() - this.lastByteMs >= this.limits.idleMs)
        this.end(POLICY, 'Closed because nothing happened for a long time.');
    };
    this.timers.push(
      setInterval(ping, this.limits.pingMs),
      setInterval(idle, Math.max(this.limits.idleMs / 10, 10)),
      setTimeout(() => this.end(POLICY, 'Closed because it was open for very long.'), this.limits.absoluteMs),
    );
    for (const timer of this.timers) timer.unref();
  }

  private end(code: number, reason: string): void {
    if (this.ended) return;
    this.ended = true;
    for (const timer of this.timers) clearInterval(timer);
    this.opening.abort();
    this.machine?.unpipe(this.browser);
    this.machine?.destroy();
    this.socket.close(code, reason);
    setTimeout(() => this.socket.terminate(), CLOSE_MS).unref();
    // What is still unread must not keep the closing handshake from being seen.
    this.browser.unpipe();
    this.browser.resume();
    const { bytesToBrowser, bytesFromBrowser } = this;
    this.settle({ reason, bytesToBrowser, bytesFromBrowser });
  }
}

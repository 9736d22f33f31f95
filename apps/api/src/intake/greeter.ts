/**
 * Connections are taken up a few at a time, in the order in which they came.
 *
 * When an intake starts anew all hosts come at once. Were all their handshakes begun together, every one would take
 * longer than its host waits, and what was spent on it would be spent again; in turns, none is in vain. One that waits
 * costs a socket.
 */
import type { Server } from 'node:https';
import type { Socket } from 'node:net';

/** Enough that the time of the way to a host and back is not lost; few beside the heartbeats of those who are there. */
const AT_ONCE = 32;
/** Whoever has not ended the handshake by then goes on, but keeps nobody waiting: strangers may come, too, and dawdle. */
const TURN_MS = 100;
/** Hosts wait a little longer (HANDSHAKE_MS of their intake client); one that has waited so long here is gone. */
const PATIENCE_MS = 25_000;

/** See the module's head. One per server, made before it listens. */
export class Greeter {
  private readonly waiting = new Map<Socket, number>();
  private greeted = 0;
  private readonly takeUp: (socket: Socket) => void;
  private readonly turns: NodeJS.Timeout;

  /** @param server its own listeners for connections are called when it is a connection's turn */
  constructor(server: Server) {
    const listeners = server.listeners('connection');
    this.takeUp = (socket) => {
      for (const listener of listeners) Reflect.apply(listener, server, [socket]);
    };
    server.removeAllListeners('connection');
    server.on('connection', (socket: Socket) => this.come(socket));
    for (const end of ['secureConnection', 'tlsClientError']) server.on(end, () => this.next());
    this.turns = setInterval(() => {
      this.greeted = 0;
      this.greet();
    }, TURN_MS);
    this.turns.unref();
  }

  /** Those that wait are sent away. */
  close(): void {
    clearInterval(this.turns);
    for (const socket of this.waiting.keys()) socket.destroy();
    this.waiting.clear();
  }

  private come(socket: Socket): void {
    this.waiting.set(socket, performance.now());
    for (const end of ['error', 'close']) socket.on(end, () => this.waiting.delete(socket));
    this.greet();
  }

  private next(): void {
    this.greeted = Math.max(0, this.greeted - 1);
    // Not within another one's event: heartbeats that have come meanwhile are read first.
    setImmediate(() => this.greet());
  }

  private greet(): void {
    for (const [socket, since] of this.waiting) {
      if (this.greeted >= AT_ONCE) return;
      this.waiting.delete(socket);
      if (performance.now() - since > PATIENCE_MS) socket.destroy();
      else {
        this.greeted += 1;
        this.takeUp(socket);
      }
    }
  }
}

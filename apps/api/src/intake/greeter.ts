/**
 * Connections are taken up a few at a time, in the order in which they came.
 *
 * When an intake starts anew all hosts come at once. Were all their handshakes begun together, every one would take
 * longer than its host waits, and what was spent on it would be spent again; in turns, none is in vain, and there is
 * time left for what else the machine does. One that waits costs a socket.
 */
import type { Server } from 'node:https';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { takeTurns } from '@durastack/kit/take-turns';

/** Enough that the time of the way to a host and back is not lost; few beside the heartbeats of those who are there. */
const AT_ONCE = 16;
/**
 * Whoever has not ended the handshake by then goes on, but keeps nobody waiting: strangers may come, too, and dawdle.
 * On a busy machine sixteen take some hundred milliseconds; were this less, all would be begun whatever becomes of them.
 */
const TURN_MS = 1_000;
/** Hosts wait a little longer (HANDSHAKE_MS of their intake client); one that has waited so long here is gone. */
const PATIENCE_MS = 25_000;

/** See the module's head. One per server, made before it listens. */
export class Greeter {
  private readonly waiting = new Set<Socket>();
  /** What ends the turn of one whose handshake is under way, by where it comes from. */
  private readonly ends = new Map<string, () => void>();
  private readonly inTurn = takeTurns({ atOnce: AT_ONCE, turnMs: TURN_MS });
  private readonly takeUp: (socket: Socket) => void;

  /** @param server its own listeners for connections are called when it is a connection's turn */
  constructor(server: Server) {
    const listeners = server.listeners('connection');
    this.takeUp = (socket) => {
      for (const listener of listeners) Reflect.apply(listener, server, [socket]);
    };
    server.removeAllListeners('connection');
    server.on('connection', (socket: Socket) => this.come(socket));
    server.on('secureConnection', (socket: TLSSocket) => this.ends.get(placeOf(socket))?.());
  }

  /** Those that wait are sent away. */
  close(): void {
    for (const socket of this.waiting) socket.destroy();
  }

  private come(socket: Socket): void {
    const place = placeOf(socket);
    const cameAtMs = performance.now();
    this.waiting.add(socket);
    socket.on('error', () => this.waiting.delete(socket));
    socket.on('close', () => {
      this.waiting.delete(socket);
      this.ends.get(place)?.();
    });
    this.inTurn((end) => {
      if (!this.waiting.delete(socket)) return end();
      if (performance.now() - cameAtMs > PATIENCE_MS) {
        socket.destroy();
        return end();
      }
      this.ends.set(place, () => {
        this.ends.delete(place);
        // Not within another one's event: heartbeats that have come meanwhile are read first.
        setImmediate(end);
      });
      this.takeUp(socket);
    });
  }
}

/** One peer's end of a connection. */
const placeOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress} ${remotePort}`;

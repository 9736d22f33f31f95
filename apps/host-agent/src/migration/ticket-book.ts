/**
 * The tickets under which other hosts may send a machine or a volume here: for one of them, one source host, one session,
 * for a while. Kept in memory alone, so that none outlives the verb that opened it.
 */
import { timingSafeEqual } from 'node:crypto';
import type { Duplex } from 'node:stream';
import type { MigrationTicket } from '@durastack/contracts/agent/migration';
import { asDurastackError, DurastackError } from '@durastack/contracts/errors';
import type { MigrationReceiver } from '@durastack/drivers/driver';
import { parse } from '../host/verb-dispatch.js';
import { heard, say, sessionRequest } from './session-wire.js';

/** What a ticket lets in. */
export interface Granted extends Pick<MigrationTicket, 'sourceHostId' | 'ticket' | 'validForMs' | 'postCopy'> {
  /** Of the machine or volume. */
  readonly subjectId: string;
  /** Whether memory comes. */
  readonly memory: boolean;
  /** How many disks come. */
  readonly disks: number;
}

/** Who shows which ticket, for which machine or volume. */
export interface Claim {
  readonly subjectId: string;
  /** As its certificate says. */
  readonly sourceHostId: string;
  readonly ticket: string;
}

/** `stream`: a machine's memory; `disk`: the content of its disks. */
export type StreamKind = 'stream' | 'disk';

/** A hypervisor may connect more than once for a disk: to look at it, and to write it. */
const DISK_STREAMS = 4;

/** A ticket that was shown: what its source may do. */
export interface Session {
  /** Answers the source until it ends the connection. */
  serve(connection: Duplex): Promise<void>;
}

class OpenTicket implements Session {
  /** The source has shown it; nobody can do so again. */
  used = false;
  /** A copy waits for its memory. */
  awaitsStream = false;
  /** So many connections for disks may still be made: some for each that comes along. */
  diskStreams = 0;
  private readonly connections = new Set<Duplex>();
  private readonly deadline: number;

  constructor(
    readonly granted: Granted,
    private readonly receiver: MigrationReceiver,
    private readonly ended: () => void,
  ) {
    this.deadline = performance.now() + granted.validForMs;
  }

  /** FORBIDDEN unless it is this ticket, in time, from its source; which of them is not told. */
  check({ sourceHostId, ticket }: Claim): void {
    const [given, expected] = [Buffer.from(ticket), Buffer.from(this.granted.ticket)];
    const right = given.length === expected.length && timingSafeEqual(given, expected);
    const inTime = this.used || performance.now() < this.deadline;
    if (right && inTime && sourceHostId === this.granted.sourceHostId) return;
    throw refused();
  }

  async serve(connection: Duplex): Promise<void> {
    this.track(connection);
    try {
      for await (const line of heard(connection)) {
        const answer = await this.answer(line).catch((error: unknown) => {
          const { code, message } = asDurastackError(error);
          return { code, message };
        });
        say(connection, answer);
      }
    } finally {
      this.ended();
    }
  }

  async openStream(kind: StreamKind): Promise<Duplex> {
    if (kind === 'disk') {
      if (this.diskStreams === 0) throw refused();
      this.diskStreams -= 1;
      return this.receiver.openDiskStream();
    }
    if (!this.awaitsStream) throw refused();
    this.awaitsStream = false;
    return this.receiver.openStream();
  }

  track(connection: Duplex): void {
    this.connections.add(connection);
    connection.once('close', () => this.connections.delete(connection));
  }

  breakOff(): void {
    for (const connection of this.connections) connection.destroy();
  }

  private async beginPostCopy(): Promise<object> {
    if (this.granted.postCopy !== true) throw refused();
    await this.receiver.beginPostCopy();
    return { postCopy: true };
  }

  private async answer(line: unknown): Promise<object> {
    const request = parse(sessionRequest, line, 'migration');
    if (request.call === 'finish') return this.receiver.finish(request);
    if (request.call === 'begin-post-copy') return this.beginPostCopy();
    const reply = await this.receiver.prepare(request);
    this.awaitsStream = this.granted.memory;
    this.diskStreams = DISK_STREAMS * this.granted.disks;
    return reply;
  }
}

/** See the module's head. One per host. */
export class TicketBook {
  private readonly open = new Map<string, OpenTicket>();

  /** Whether a host has any business here at present; who has none is not even answered. */
  expects(sourceHostId: string): boolean {
    return [...this.open.values()].some(({ granted }) => granted.sourceHostId === sourceHostId);
  }

  /**
   * Lets the ticket's source in. Resolves when that has ended its session.
   *
   * @throws DurastackError STEP_REFUSED when it did not come in time; the signal's reason
   */
  async admit(granted: Granted, receiver: MigrationReceiver, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { subjectId, sourceHostId, validForMs } = granted;
    let [timer, abort]: [NodeJS.Timeout | undefined, () => void] = [undefined, () => undefined];
    try {
      await new Promise<void>((resolve, reject) => {
        const ticket = new OpenTicket(granted, receiver, resolve);
        this.open.set(subjectId, ticket);
        abort = () => reject(signal.reason);
        signal.addEventListener('abort', abort, { once: true });
        timer = setTimeout(() => {
          const message = `Host ${sourceHostId} did not come with ${subjectId} in time.`;
          if (!ticket.used) reject(new DurastackError('STEP_REFUSED', message));
        }, validForMs);
      });
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      this.open.get(subjectId)?.breakOff();
      this.open.delete(subjectId);
    }
  }

  /** Begins the one session of a ticket. FORBIDDEN when there is no such ticket, or it was used. */
  beginSession(claim: Claim): Session {
    const ticket = this.ticketOf(claim);
    if (ticket.used) throw refused();
    ticket.used = true;
    return ticket;
  }

  /** Opens the one stream of a session, or one for a disk, once its copy waits for them. Passes nothing yet. */
  async openStream(claim: Claim, { connection, kind }: { connection: Duplex; kind: StreamKind }): Promise<Duplex> {
    const ticket = this.ticketOf(claim);
    const stream = await ticket.openStream(kind);
    ticket.track(connection);
    ticket.track(stream);
    return stream;
  }

  private ticketOf(claim: Claim): OpenTicket {
    const ticket = this.open.get(claim.subjectId);
    if (ticket === undefined) throw refused();
    ticket.check(claim);
    return ticket;
  }
}

function refused(): DurastackError {
  return new DurastackError('FORBIDDEN', 'There is no such ticket here, or it was used before.');
}

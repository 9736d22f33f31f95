/** Where another host's agent comes in with a ticket: it is connected to that ticket's session, and to nothing else. */
import { STATUS_CODES, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { asDurastackError, DurastackError, ERROR_KINDS } from '@durastack/contracts/errors';
import type { Logger } from '@durastack/kit/log/logger';
import { ERROR_HEADER, MIGRATION_PATH, MIGRATION_PROTOCOL, TICKET_HEADER } from './session-wire.js';
import type { Claim, TicketBook } from './ticket-book.js';

/** What comes in. */
export interface Arrival {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  /** What came behind the request already. */
  readonly head: Buffer;
  /** As the caller's certificate says. */
  readonly sourceHostId: string;
}

/** Answers an upgrade of a host that a ticket expects. Never rejects. */
export async function openMigration(arrival: Arrival, tickets: TicketBook, log: Logger): Promise<void> {
  const { request, socket, head, sourceHostId } = arrival;
  socket.on('error', (error) => log.debug({ error }, 'migration connection broke'));
  try {
    const [, subjectId, kind] = MIGRATION_PATH.exec(request.url ?? '') ?? [];
    const ticket = request.headers[TICKET_HEADER];
    if (subjectId === undefined || typeof ticket !== 'string' || request.headers.upgrade !== MIGRATION_PROTOCOL)
      throw new DurastackError('NOT_FOUND', 'Only migrations are served to other hosts.');
    const claim: Claim = { subjectId, sourceHostId, ticket };
    if (kind === 'session') {
      const session = tickets.beginSession(claim);
      accept(socket, head);
      await session.serve(socket);
    } else {
      const stream = await tickets.openStream(claim, { connection: socket, kind: kind === 'disk' ? 'disk' : 'stream' });
      accept(socket, head);
      joinStreams(socket, stream);
    }
  } catch (error) {
    const { code, message } = asDurastackError(error);
    log.warn({ sourceHostId, code }, `a migration was refused: ${message}`);
    const { httpStatus } = ERROR_KINDS[code];
    const lines = [`HTTP/1.1 ${httpStatus} ${STATUS_CODES[httpStatus] ?? ''}`, `${ERROR_HEADER}: ${code}`];
    socket.end([...lines, 'connection: close', 'content-length: 0', '', ''].join('\r\n'));
  }
}

function accept(socket: Duplex, head: Buffer): void {
  socket.write(`HTTP/1.1 101 Switching Protocols\r\nupgrade: ${MIGRATION_PROTOCOL}\r\nconnection: Upgrade\r\n\r\n`);
  if (head.length > 0) socket.unshift(head);
}

/** Passes everything on, both ways; when one side breaks, so does the other. */
function joinStreams(one: Duplex, other: Duplex): void {
  const breakBoth = (): void => {
    one.destroy();
    other.destroy();
  };
  for (const side of [one, other]) side.on('error', breakBoth).on('close', breakBoth);
  one.pipe(other).pipe(one);
}

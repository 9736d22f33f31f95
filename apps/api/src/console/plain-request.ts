import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';

/** Headers that ask for another protocol; without them the request is what a server that knows only HTTP/1.1 sees. */
const OFFERS = /^(upgrade|connection|http2-settings)$/i;

/**
 * Serves a request that offers an upgrade which this server does not make (`h2c`, by Java's and curl's clients) as
 * if it did not, as RFC 9110 §7.8 has it. Node gives up its parser as soon as somebody listens for upgrades, so the
 * request is put back onto its connection without the offer.
 */
export function serveWithoutUpgrade(server: Server, request: IncomingMessage, socket: Duplex, head: Buffer): void {
  const lines = [`${request.method} ${request.url} HTTP/${request.httpVersion}`];
  for (let index = 0; index + 1 < request.rawHeaders.length; index += 2) {
    const name = request.rawHeaders[index] ?? '';
    if (!OFFERS.test(name)) lines.push(`${name}: ${request.rawHeaders[index + 1]}`);
  }
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), head]));
  server.emit('connection', socket);
}

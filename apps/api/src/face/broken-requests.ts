/** Requests that no route gets to see: no HTTP, or an address that cannot be decoded. Answered in the face's form. */
import type { Socket } from 'node:net';
import { DurastackError } from '@durastack/contracts/errors';
import type { FastifyReply } from 'fastify';
import { errorBody } from '../cloudstack/render-json.js';
import { sendProblem } from '../rest/problem.js';

/** Request line and headers together, in bytes; what is longer belongs into a body. */
export const MAX_HEADER_BYTES = 16_384;

const PHRASES: Readonly<Record<number, string>> = { 400: 'Bad Request', 408: 'Request Timeout', 431: 'Refused' };

type Broken = Error & { readonly code?: unknown };

function refusal({ code }: Broken): { error: DurastackError; status: number } {
  if (code === 'HPE_HEADER_OVERFLOW') {
    const message = `Request line and headers are longer than ${MAX_HEADER_BYTES} bytes; send the parameters in the body of a POST.`;
    return { error: new DurastackError('INVALID_INPUT', message), status: 431 };
  }
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return { error: new DurastackError('INVALID_INPUT', 'The request did not come to its end in time.'), status: 408 };
  return { error: new DurastackError('INVALID_INPUT', 'The request is no HTTP.'), status: 400 };
}

/** Answers what the parser of HTTP has refused, and closes the connection. */
export function answerBrokenRequest(fault: Broken, socket: Socket): void {
  if (fault.code === 'ECONNRESET' || socket.destroyed) return;
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const { error, status } = refusal(fault);
  const body = JSON.stringify({ errorresponse: { ...errorBody(error), errorcode: status } });
  const head = [
    `HTTP/1.1 ${status} ${PHRASES[status] ?? 'Refused'}`,
    `X-Description: ${error.message}`,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

/** Answers a path that is no percent-encoded UTF-8. */
export function answerBadAddress(_error: unknown, _request: unknown, reply: unknown): void {
  // Fastify's generic types of a route, of which there is none here.
  sendProblem(
    reply as FastifyReply,
    new DurastackError('INVALID_INPUT', 'The path of the request is not percent-encoded UTF-8.'),
  );
}

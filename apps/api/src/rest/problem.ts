import { asDurastackError, DurastackError, ERROR_KINDS } from '@durastack/contracts/errors';
import type { FastifyReply } from 'fastify';

/** Sends an error as RFC 9457 has it; `code` is the product's own, and what decides what a client does. */
export function sendProblem(reply: FastifyReply, thrown: unknown): FastifyReply {
  const error = asDurastackError(thrown);
  const kind = ERROR_KINDS[error.code];
  if (error.code === 'NOT_AUTHENTICATED') void reply.header('WWW-Authenticate', 'Bearer realm="durastack"');
  const { retryAfterMs } = error.details;
  if (typeof retryAfterMs === 'number') void reply.header('Retry-After', Math.ceil(retryAfterMs / 1000));
  return reply
    .status(kind.httpStatus)
    .type('application/problem+json; charset=utf-8')
    .send(
      JSON.stringify({
        type: `/api/docs/errors#${error.code}`,
        title: kind.meaning,
        status: kind.httpStatus,
        detail: error.message,
        code: error.code,
        ...(Object.keys(error.details).length > 0 ? { details: error.details } : {}),
      }),
    );
}

/** What the server itself refused before a handler saw it: bodies that are malformed or too large. */
export function requestFault(error: Error & { readonly statusCode?: number }): DurastackError {
  const { statusCode = 500 } = error;
  if (statusCode >= 500) return asDurastackError(error);
  return new DurastackError('INVALID_INPUT', `The request was refused: ${error.message}.`, { cause: error });
}

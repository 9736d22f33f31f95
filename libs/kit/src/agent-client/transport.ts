/** JSON over HTTPS between control plane and agents: one request, and every way in which it can fail turned into one of our errors. */
import { asDurastackError, DurastackError, isErrorCode } from '@durastack/contracts/errors';
import { agentError } from '@durastack/contracts/agent/wire';
import { errors, type Dispatcher } from 'undici';
import type { z } from 'zod';

/** One request. */
export interface AgentRequest<S extends z.ZodType> {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: unknown;
  /** What the answer must look like; anything else is STEP_REFUSED. */
  readonly result: S;
  /** From the call to the last byte of the answer. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** How messages name the other side, e.g. `the agent of host 6f1b…`. */
  readonly peer: string;
}

/**
 * Sends a request.
 *
 * @throws DurastackError the agent's own error; HOST_UNREACHABLE when it did not answer in time or at all;
 *   CANCELLED when `signal` was aborted
 */
export async function requestJson<S extends z.ZodType>(
  dispatcher: Dispatcher,
  origin: string,
  request: AgentRequest<S>,
): Promise<z.infer<S>> {
  const deadline = AbortSignal.timeout(request.timeoutMs);
  const signal = request.signal === undefined ? deadline : AbortSignal.any([deadline, request.signal]);
  let statusCode: number;
  let text: string;
  try {
    const response = await dispatcher.request({
      origin,
      path: request.path,
      method: request.method,
      signal,
      headersTimeout: request.timeoutMs,
      bodyTimeout: request.timeoutMs,
      ...(request.body === undefined
        ? {}
        : { body: JSON.stringify(request.body), headers: { 'content-type': 'application/json' } }),
    });
    statusCode = response.statusCode;
    text = await response.body.text();
  } catch (error) {
    throw unreachable(error, request, request.signal?.aborted === true, deadline.aborted);
  }
  return readAnswer(statusCode, text, request);
}

function readAnswer<S extends z.ZodType>(statusCode: number, text: string, request: AgentRequest<S>): z.infer<S> {
  const body = parseJson(text);
  if (statusCode === 200) {
    const result = request.result.safeParse(body);
    if (result.success) return result.data;
    throw new DurastackError('STEP_REFUSED', `An answer of ${request.peer} to ${request.path} is out of contract.`, {
      cause: result.error,
    });
  }
  const failure = agentError.safeParse(body);
  if (!failure.success) {
    throw new DurastackError('STEP_REFUSED', `${statusCode} from ${request.peer} on ${request.path}.`);
  }
  const { code, message } = failure.data;
  if (isErrorCode(code)) throw new DurastackError(code, message, { details: { peer: request.peer } });
  throw new DurastackError('STEP_REFUSED', message, { details: { peer: request.peer, agentCode: code.slice(0, 80) } });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function unreachable(
  error: unknown,
  request: AgentRequest<z.ZodType>,
  cancelled: boolean,
  timedOut: boolean,
): DurastackError {
  if (cancelled) {
    return new DurastackError('CANCELLED', `The call of ${request.path} at ${request.peer} was cancelled.`, {
      cause: error,
    });
  }
  if (timedOut) {
    const message = `No answer from ${request.peer} to ${request.path} within ${request.timeoutMs} ms.`;
    return new DurastackError('HOST_UNREACHABLE', message, { cause: error, details: { reason: 'timeout' } });
  }
  if (error instanceof errors.ResponseExceededMaxSizeError) {
    return new DurastackError('STEP_REFUSED', `The answer of ${request.peer} to ${request.path} is too long.`, {
      cause: error,
    });
  }
  return connectionFailure(error, request.peer);
}

/** HOST_UNREACHABLE with the system's reason (ECONNREFUSED, CERT_HAS_EXPIRED, …) in its details. */
export function connectionFailure(error: unknown, peer: string): DurastackError {
  if (error instanceof DurastackError) return error;
  const reason = error instanceof Error && 'code' in error ? String(error.code) : 'UNKNOWN';
  const known = asDurastackError(error, 'HOST_UNREACHABLE');
  return new DurastackError('HOST_UNREACHABLE', `Cannot reach ${peer} (${reason}: ${known.message}).`, {
    cause: error,
    details: { reason },
  });
}

/** `agent://host:port` and `https://host:port` as an origin. INVALID_INPUT for anything else. */
export function agentOrigin(url: string): string {
  const match = /^(?:agent|https):\/\/([^/\s?#]+)\/?$/.exec(url);
  const origin = match?.[1] === undefined ? undefined : `https://${match[1]}`;
  if (origin === undefined || !URL.canParse(origin) || new URL(origin).username !== '') {
    throw new DurastackError('INVALID_INPUT', `The agent's address '${url}' is not agent://host:port.`);
  }
  return new URL(origin).origin;
}

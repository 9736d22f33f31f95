/** From a request's body to a checked call. */
import { createHash } from 'node:crypto';
import type { Verb } from '@durastack/contracts/agent/verb';
import { VERBS, type VerbName } from '@durastack/contracts/agent/verbs';
import { verbRequest, type VerbRequest } from '@durastack/contracts/agent/wire';
import { DurastackError } from '@durastack/contracts/errors';
import { z } from 'zod';

/** A call whose name, parameters, token and key were checked against the contract. */
export interface CheckedCall {
  readonly name: VerbName;
  readonly declaration: Verb;
  readonly params: unknown;
  readonly token: VerbRequest['token'];
  readonly taskKey: string | undefined;
  readonly waitMs: number | undefined;
  /** The boot that the caller means. */
  readonly bootId: string | undefined;
  /** Equal for equal parameters; tells nothing about them. */
  readonly fingerprint: string;
}

/**
 * Checks a verb call.
 *
 * @throws DurastackError NOT_FOUND for an unknown verb, INVALID_INPUT for anything out of contract
 */
export function checkCall(name: string, body: unknown): CheckedCall {
  if (!Object.hasOwn(VERBS, name)) {
    throw new DurastackError(
      'NOT_FOUND',
      `This agent knows no verb '${name.slice(0, 60)}'; is it older than its caller?`,
    );
  }
  const declaration: Verb = VERBS[name as VerbName];
  const request = parse(verbRequest, body, name);
  const params = parse(declaration.params, request.params, name);
  if (declaration.token !== 'read' && request.token === undefined) {
    throw new DurastackError('INVALID_INPUT', `${name} changes something and was called without a token.`);
  }
  if (declaration.long === true && request.taskKey === undefined) {
    throw new DurastackError('INVALID_INPUT', `${name} is long and was called without a task key.`);
  }
  const fingerprint = createHash('sha256').update(JSON.stringify(params)).digest('hex');
  const { token, taskKey, waitMs, bootId } = request;
  return { name: name as VerbName, declaration, params, token, taskKey, waitMs, bootId, fingerprint };
}

/** Checks a body against its schema. INVALID_INPUT names the fields, never their values. */
export function parse<S extends z.ZodType>(schema: S, value: unknown, what: string): z.infer<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issues = result.error.issues.slice(0, 5).map(({ path, message }) => `${path.join('.') || 'body'}: ${message}`);
  throw new DurastackError('INVALID_INPUT', `${what}: ${issues.join('; ')}.`);
}

/** How a user calls the API: signed and tried once, or under an Idempotency-Key and repeated until it is answered. */
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiClient } from '@durastack/cli/api/api-client';
import { DurastackError, isDurastackError } from '@durastack/contracts/errors';

/** What became of a call. */
export type CallOutcome =
  /** `operationId` is absent for a cancel. */
  | { readonly kind: 'accepted'; readonly operationId?: string }
  /** The API said no, with its reason. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** No reply, or one that tells nothing: whether it was accepted is seen in the database. */
  | { readonly kind: 'lost' }
  /** There was nothing to act on: what it needs was refused or lost. */
  | { readonly kind: 'skipped' }
  /** The API failed by a fault of the product. */
  | { readonly kind: 'fault'; readonly reason: string };

/** What became of a call, and on what. */
export interface Answer {
  readonly outcome: CallOutcome;
  /** What the call is about, or has made. */
  readonly resourceId?: string | undefined;
}

/** A user's keys. */
export interface Keys {
  readonly apiKey: string;
  readonly secretKey: string;
}

/** A REST call. */
export interface RestRequest {
  readonly method?: 'POST' | 'DELETE';
  readonly path: string;
  readonly body?: object;
}

/** What a reply says, whichever face gave it. */
interface Reply {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/** Between two tries. */
export const TRY_AGAIN_MS = 250;
const KEYED_TIMEOUT_MS = 20_000;
const LOST: Answer = { outcome: { kind: 'lost' } };

/** The calls of one user. */
export class Calls {
  /** CloudStack's face. */
  readonly api: ApiClient;

  /** @param apiUrl without path */
  constructor(
    private readonly apiUrl: string,
    private readonly keys: Keys,
  ) {
    this.api = new ApiClient({ url: `${apiUrl}/client/api`, ...keys });
  }

  /** Once, by CloudStack's face. */
  async signed(command: string, params: Readonly<Record<string, string>>): Promise<Answer> {
    let reply: Reply;
    try {
      reply = await this.api.request(command, params);
    } catch (error) {
      if (isDurastackError(error)) return LOST;
      throw error;
    }
    const { status, body } = reply;
    if (status < 400) return accepted(body['jobid'], body['id']);
    const reason = String(body['errortext'] ?? JSON.stringify(body));
    return unaccepted(status, reason, true);
  }

  /**
   * By REST, again and again under one key until there is an answer.
   *
   * @param giveUpAt by the process's monotonic clock
   */
  async keyed(key: string, request: RestRequest, giveUpAt: number): Promise<Answer> {
    for (;;) {
      const reply = await this.post(request, key);
      if (reply !== undefined && reply.status < 400) {
        const resource = reply.body['resource'] as { id?: string } | undefined;
        return accepted(request.path.endsWith('/cancel') ? undefined : reply.body['id'], resource?.id);
      }
      const answer = reply && unaccepted(reply.status, `${reply.body['code']}: ${reply.body['detail']}`, false);
      if (answer && answer.outcome.kind !== 'lost' && reply.body['code'] !== 'BUSY') return answer;
      if (performance.now() > giveUpAt) return LOST;
      await sleep(TRY_AGAIN_MS);
    }
  }

  /** Reads again until it is answered. @returns undefined when that was given up */
  async read(
    command: string,
    params: Readonly<Record<string, string>>,
    giveUpAt: number,
  ): Promise<Record<string, unknown> | undefined> {
    while (performance.now() < giveUpAt) {
      try {
        return await this.api.call(command, params);
      } catch (error) {
        if (!isDurastackError(error)) throw error;
        await sleep(TRY_AGAIN_MS);
      }
    }
    return undefined;
  }

  private async post(request: RestRequest, key: string): Promise<Reply | undefined> {
    try {
      const response = await fetch(`${this.apiUrl}/api/v1${request.path}`, {
        method: request.method ?? 'POST',
        headers: {
          authorization: `Bearer ${this.keys.apiKey}:${this.keys.secretKey}`,
          'content-type': 'application/json',
          'idempotency-key': key,
        },
        ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
        signal: AbortSignal.timeout(KEYED_TIMEOUT_MS),
      });
      const text = await response.text();
      return { status: response.status, body: (text === '' ? {} : JSON.parse(text)) as Record<string, unknown> };
    } catch (error) {
      if (error instanceof DurastackError) throw error;
      return undefined;
    }
  }
}

function accepted(operationId: unknown, resourceId: unknown): Answer {
  const outcome: CallOutcome =
    typeof operationId === 'string' ? { kind: 'accepted', operationId } : { kind: 'accepted' };
  return typeof resourceId === 'string' ? { outcome, resourceId } : { outcome };
}

/** 500 (530 to CloudStack's clients) is a fault of the product; what is above says nothing about acceptance. */
function unaccepted(status: number, reason: string, isCloudStack: boolean): Answer {
  if (status === 500 || (isCloudStack && status === 530 && /fault of the product/.test(reason)))
    return { outcome: { kind: 'fault', reason } };
  if (status >= 500 || status === 429) return LOST;
  return { outcome: { kind: 'refused', reason: `${status} ${reason}` } };
}

/** The operation of a call that was accepted. */
export function operationOf(outcome: CallOutcome): string | undefined {
  return outcome.kind === 'accepted' ? outcome.operationId : undefined;
}

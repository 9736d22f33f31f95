/** Signed calls to the CloudStack face of an API, and waiting for their jobs. */
import { setTimeout as sleep } from 'node:timers/promises';
import { DurastackError, type ErrorCode } from '@durastack/contracts/errors';
import { signRequest } from '@durastack/kit/cloudstack/signature';

/** Where an API is and who calls it. */
export interface ApiAccess {
  /** With path, e.g. `http://127.0.0.1:8080/client/api`. */
  readonly url: string;
  readonly apiKey: string;
  readonly secretKey: string;
}

/** A reply as it came: HTTP status and what stood below the one top-level member. */
export interface ApiReply {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/** A job as `queryAsyncJobResult` describes it. */
export interface Job {
  readonly jobstatus: number;
  readonly jobresult?: Record<string, unknown>;
  readonly [field: string]: unknown;
}

const REQUEST_TIMEOUT_MS = 300_000;
/** How long one signature is good for. */
const EXPIRES_MS = 10 * 60_000;
const FIRST_POLL_MS = 100;
const LONGEST_POLL_MS = 2_000;
const JOB_FAILED = 2;

/** An API as one account calls it. */
export class ApiClient {
  constructor(private readonly access: ApiAccess) {}

  /**
   * One signed call, whatever the reply says.
   *
   * @throws HOST_UNREACHABLE when nothing answers; BUG when what answers is not such an API
   */
  async request(command: string, params: Readonly<Record<string, string>>): Promise<ApiReply> {
    const unsigned = {
      ...params,
      command,
      response: 'json',
      apiKey: this.access.apiKey,
      signatureVersion: '3',
      expires: new Date(Date.now() + EXPIRES_MS).toISOString().replace(/\.\d+Z$/, '+0000'),
    };
    const query = new URLSearchParams({ ...unsigned, signature: signRequest(unsigned, this.access.secretKey) });
    const isRead = /^(list|get|query|find)/i.test(command);
    const signal = AbortSignal.timeout(REQUEST_TIMEOUT_MS);
    let response: Response;
    let text: string;
    try {
      response = isRead
        ? await fetch(`${this.access.url}?${query}`, { signal })
        : await fetch(this.access.url, { method: 'POST', body: query, signal });
      text = await response.text();
    } catch (error) {
      const message = `The API at ${this.access.url} does not answer; look at "dura status", or start it with "dura up".`;
      throw new DurastackError('HOST_UNREACHABLE', message, { cause: error });
    }
    return { status: response.status, body: unwrap(text, this.access.url) };
  }

  /**
   * One signed call that must succeed.
   *
   * @returns what stands below `<command>response`
   * @throws with the API's own sentence; `details.errorcode` is CloudStack's
   */
  async call(command: string, params: Readonly<Record<string, string>> = {}): Promise<Record<string, unknown>> {
    const { status, body } = await this.request(command, params);
    if (status >= 400) throw replyError(command, body);
    return body;
  }

  /**
   * A call that may be a job: waits for its end.
   *
   * @param progress is told of each look at the job
   * @returns the job's result, or the reply itself when there is no job
   * @throws when call or job fails
   */
  async callAndWait(
    command: string,
    params: Readonly<Record<string, string>> = {},
    progress: (job: Job) => void = () => {},
  ): Promise<Record<string, unknown>> {
    const reply = await this.call(command, params);
    if (typeof reply['jobid'] !== 'string' || isItselfAboutJobs(command)) return reply;
    const job = await this.waitForJob(reply['jobid'], progress);
    if (job.jobstatus === JOB_FAILED) throw replyError(command, job.jobresult ?? {});
    return job.jobresult ?? {};
  }

  /** Polls a job until it has ended, well or not. */
  async waitForJob(jobId: string, progress: (job: Job) => void = () => {}): Promise<Job> {
    for (let pause = FIRST_POLL_MS; ; pause = Math.min(pause * 1.5, LONGEST_POLL_MS)) {
      const job = (await this.call('queryAsyncJobResult', { jobid: jobId })) as Job;
      progress(job);
      if (job.jobstatus !== 0) return job;
      await sleep(pause);
    }
  }
}

/** Whether a command talks about jobs, so that a `jobid` in its reply is not one to wait for. */
export function isItselfAboutJobs(command: string): boolean {
  return /asyncjob/i.test(command);
}

function unwrap(text: string, url: string): Record<string, unknown> {
  let reply: unknown;
  try {
    reply = JSON.parse(text);
  } catch (error) {
    const message = `What answers at ${url} is not a Durastack API: ${text.slice(0, 120)}`;
    throw new DurastackError('ENVIRONMENT', message, { cause: error });
  }
  const inner = typeof reply === 'object' && reply !== null ? Object.values(reply)[0] : undefined;
  if (typeof inner !== 'object' || inner === null) {
    throw new DurastackError('ENVIRONMENT', `What answers at ${url} is not a Durastack API: ${text.slice(0, 120)}`);
  }
  return inner as Record<string, unknown>;
}

const CODES: Readonly<Record<number, ErrorCode>> = {
  401: 'NOT_AUTHENTICATED',
  429: 'TOO_MANY_REQUESTS',
  431: 'INVALID_INPUT',
  432: 'FORBIDDEN',
  533: 'NO_CAPACITY',
  535: 'QUOTA_EXCEEDED',
};

function replyError(command: string, body: Record<string, unknown>): DurastackError {
  const errorcode = Number(body['errorcode'] ?? 530);
  const text = String(body['errortext'] ?? JSON.stringify(body));
  return new DurastackError(CODES[errorcode] ?? 'STEP_REFUSED', `${command}: ${text}`, { details: { errorcode } });
}

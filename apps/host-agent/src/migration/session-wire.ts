/** What two agents say to each other about one migration: a line of JSON for each question and each answer. */
import { createInterface } from 'node:readline';
import type { Duplex } from 'node:stream';
import { DurastackError, isErrorCode } from '@durastack/contracts/errors';
import { z } from 'zod';

/** The protocol's name in HTTP's upgrade. */
export const MIGRATION_PROTOCOL = 'durastack-migration';
/** Carries the ticket. */
export const TICKET_HEADER = 'x-durastack-ticket';
/** Carries the code of a refusal. */
export const ERROR_HEADER = 'x-durastack-error';

/** `/v1/migrations/<id of the machine or volume>/session`, and `…/stream` and `…/disk` once the copy waits for memory and disks. */
export const MIGRATION_PATH = /^\/v1\/migrations\/([0-9a-f-]{36})\/(session|stream|disk)$/;

/** A definition with its cookie, base64: some 30 KiB. */
const MAX_LINE = 4 * 2 ** 20;

/** What the source asks. */
export const sessionRequest = z.discriminatedUnion('call', [
  z.object({ call: z.literal('prepare'), description: z.string().max(MAX_LINE), cookie: z.string().max(MAX_LINE) }),
  z.object({ call: z.literal('begin-post-copy') }),
  z.object({ call: z.literal('finish'), cookie: z.string().max(MAX_LINE) }),
]);

const failure = z.object({ code: z.string().max(80), message: z.string().max(4_000) });
/** What the destination answers. */
export const prepareReply = z.union([z.object({ cookie: z.string() }), failure]);
/** What the destination answers. */
export const postCopyReply = z.union([z.object({ postCopy: z.literal(true) }), failure]);
/** What the destination answers. */
export const finishReply = z.union([z.object({ runs: z.boolean(), cookie: z.string() }), failure]);

/** The answer, or the error that it carries, thrown. */
export function orThrow<T extends object>(reply: T | z.infer<typeof failure>): T {
  if (!('code' in reply && 'message' in reply)) return reply;
  const { code, message } = reply as z.infer<typeof failure>;
  throw new DurastackError(isErrorCode(code) ? code : 'STEP_REFUSED', message);
}

/** Says one thing. */
export function say(stream: Duplex, value: unknown): void {
  stream.write(`${JSON.stringify(value)}\n`);
}

/** What the other side says, one after the other, until the connection ends. A line that is too long breaks it. */
export async function* heard(stream: Duplex): AsyncGenerator<unknown> {
  let pending = 0;
  stream.on('data', (chunk: Buffer) => {
    pending = chunk.includes(0x0a) ? 0 : pending + chunk.length;
    if (pending > MAX_LINE) stream.destroy();
  });
  for await (const line of createInterface({ input: stream, crlfDelay: Infinity })) {
    try {
      yield JSON.parse(line);
    } catch (cause) {
      throw new DurastackError('INVALID_INPUT', 'The other agent does not speak JSON.', { cause });
    }
  }
}

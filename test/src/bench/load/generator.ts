/**
 * The load, in a process of its own so that its CPU is not taken for the product's: sends requests that were signed
 * before, keeps their times, and tells them at the end. It speaks to its parent alone.
 */
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** What is sent. */
export interface LoadOrder {
  readonly url: string;
  readonly method: 'GET' | 'POST';
  /** One call each: form data of a POST, query of a GET. */
  readonly calls: readonly string[];
  /** `clients`: each sends its next call when the last was answered. `perSecond`: at fixed times, whatever happens. */
  readonly pace: { readonly clients: number } | { readonly perSecond: number };
}

/** What came of it. */
export interface LoadResult {
  /** Of each call in order: from when it was due until its reply was read, in milliseconds. */
  readonly timesMs: readonly number[];
  /** When each call was due, in milliseconds since the epoch. */
  readonly dueAt: readonly number[];
  /** Replies in order, when they are short. */
  readonly replies: readonly string[];
  /** Of the whole burst, in milliseconds since the epoch. */
  readonly beganAt: number;
  readonly endedAt: number;
  readonly cpuMs: number;
  readonly peakRssMib: number;
  readonly failed: number;
  readonly firstFailure?: string;
}

const KEPT_REPLY = 4_096;

interface Reply {
  readonly status: number;
  readonly text: string;
}

function send(order: LoadOrder, agent: Agent, call: string): Promise<Reply> {
  return new Promise((done, failed) => {
    const isPost = order.method === 'POST';
    const headers = isPost
      ? { 'content-type': 'application/x-www-form-urlencoded', 'content-length': Buffer.byteLength(call) }
      : {};
    const outgoing = request(isPost ? order.url : `${order.url}?${call}`, { method: order.method, agent, headers });
    outgoing.once('error', failed);
    outgoing.once('response', (incoming) => {
      const parts: Buffer[] = [];
      incoming.on('data', (part: Buffer) => parts.push(part));
      incoming.once('error', failed);
      incoming.once('end', () =>
        done({ status: incoming.statusCode ?? 0, text: Buffer.concat(parts).toString('utf8') }),
      );
    });
    outgoing.end(isPost ? call : undefined);
  });
}

async function generate(order: LoadOrder): Promise<LoadResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: Infinity });
  const timesMs: number[] = [];
  const dueAt: number[] = [];
  const replies: string[] = [];
  const failures: string[] = [];
  const cpuBefore = process.cpuUsage();
  const origin = Date.now() - performance.now();
  const one = async (index: number, due: number) => {
    dueAt[index] = origin + due;
    const reply = await send(order, agent, order.calls[index]!).catch((error: unknown) => ({
      status: 0,
      text: String(error),
    }));
    timesMs[index] = performance.now() - due;
    replies[index] = reply.text.length <= KEPT_REPLY ? reply.text : '';
    if (reply.status !== 200) failures.push(reply.text.slice(0, 300));
  };
  const began = performance.now();
  if ('clients' in order.pace) {
    let next = 0;
    const client = async () => {
      while (next < order.calls.length) await one(next++, performance.now());
    };
    await Promise.all(Array.from({ length: Math.min(order.pace.clients, order.calls.length) }, client));
  } else {
    const everyMs = 1_000 / order.pace.perSecond;
    const open: Promise<void>[] = [];
    for (let index = 0; index < order.calls.length; index += 1) {
      const due = began + index * everyMs;
      const wait = due - performance.now();
      if (wait > 0) await sleep(wait);
      open.push(one(index, due));
    }
    await Promise.all(open);
  }
  const ended = performance.now();
  const { user, system } = process.cpuUsage(cpuBefore);
  agent.destroy();
  return {
    timesMs,
    dueAt,
    replies,
    beganAt: origin + began,
    endedAt: origin + ended,
    cpuMs: (user + system) / 1_000,
    peakRssMib: process.resourceUsage().maxRSS / 1024,
    failed: failures.length,
    ...(failures[0] === undefined ? {} : { firstFailure: failures[0] }),
  };
}

process.on('message', (order: LoadOrder) => {
  void generate(order).then((result) => process.send?.(result));
});

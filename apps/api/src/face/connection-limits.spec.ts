/** Slow clients on a real socket: what they hold is bounded, and others are served meanwhile. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startTestApi, type TestApi } from '../testing/test-api.js';
import { limitConnections } from './connection-limits.js';

const LIMITS = { headersMs: 500, requestMs: 1_000, stalledReplyMs: 1_000, maxWaiting: 20, maxReceiving: 5 };

let t: TestApi;
let port: number;
beforeAll(async () => {
  t = await startTestApi(LIMITS);
  await t.api.app.listen(0, '127.0.0.1');
  port = (t.api.server.server.address() as AddressInfo).port;
});
afterAll(() => t.stop());

/** A client that says no more than it was told to. */
interface SlowClient {
  readonly socket: Socket;
  received: string;
  isClosed: boolean;
}

const clients: SlowClient[] = [];
afterEach(() => {
  for (const { socket } of clients.splice(0)) socket.destroy();
});

async function open(text: string): Promise<SlowClient> {
  const socket = connect({ port, host: '127.0.0.1' });
  const client: SlowClient = { socket, received: '', isClosed: false };
  clients.push(client);
  socket.on('error', () => undefined);
  socket.on('data', (chunk: Buffer) => (client.received += chunk.toString('latin1')));
  socket.on('close', () => (client.isClosed = true));
  await new Promise((resolve) => socket.once('connect', resolve));
  if (text) socket.write(text);
  return client;
}

async function until(what: string, holds: () => boolean): Promise<void> {
  for (let tries = 0; !holds(); tries += 1) {
    expect(tries, `${what} within a minute`).toBeLessThan(1_200);
    await sleep(50);
  }
}

/** A byte every now and then, which keeps any mere time of silence from ending. */
async function trickle({ socket }: SlowClient, text: string): Promise<void> {
  for (const character of text) {
    if (socket.destroyed) return;
    socket.write(character);
    await sleep(50);
  }
}

const isServed = async () => (await fetch(`http://127.0.0.1:${port}/health`)).ok;

const HEAD = 'POST /client/api HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n';

describe('a client that is slow', () => {
  it.each([
    ['with everything', ''],
    ['with its headers', 'GET /client/api?command=listZones HTTP/1.1\r\nHost: x\r\nX-'],
    ['with its body', `${HEAD}Content-Length: 100000\r\n\r\ncommand=`],
    ['with the chunks of its body', `${HEAD}Transfer-Encoding: chunked\r\n\r\n7\r\ncommand\r\n`],
  ])('%s is closed after its time, and others are served meanwhile', async (_what, text) => {
    const client = await open(text);
    const trickled = text ? trickle(client, 'a'.repeat(10_000)) : undefined;
    expect(await isServed()).toBe(true);
    await until('closed', () => client.isClosed);
    if (text) expect(client.received).toMatch(/^$|^HTTP\/1\.1 4\d\d /);
    await trickled;
  });
});

describe('many that are slow', () => {
  it('with their headers push out the first of them, not others', async () => {
    const slow: SlowClient[] = [];
    for (let count = 0; count < LIMITS.maxWaiting + 10; count += 1) slow.push(await open('GET /health HTTP/1.1\r\n'));
    expect(await isServed()).toBe(true);
    await until('the first are closed', () => slow.slice(0, 10).every(({ isClosed }) => isClosed));
  });

  it('with their bodies push out the first of them, not others', async () => {
    const slow: SlowClient[] = [];
    for (let count = 0; count < LIMITS.maxReceiving + 3; count += 1)
      slow.push(await open(`${HEAD}Content-Length: 100000\r\n\r\ncommand=`));
    expect(await isServed()).toBe(true);
    await until('the first are closed', () => slow.slice(0, 3).every(({ isClosed }) => isClosed));
  });
});

it('a client that takes nothing of its reply is closed, one that only waits for it is not', async () => {
  const server = createServer((request, response) => {
    if (request.url === '/large') response.end(Buffer.alloc(64 * 1024 * 1024));
    else setTimeout(() => response.end('late'), 3 * LIMITS.stalledReplyMs);
  });
  limitConnections(server, LIMITS);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const at = (server.address() as AddressInfo).port;
  const late = fetch(`http://127.0.0.1:${at}/late`).then((reply) => reply.text());
  const stalled = connect({ port: at, host: '127.0.0.1' });
  stalled.on('error', () => undefined).pause();
  stalled.write('GET /large HTTP/1.1\r\nHost: x\r\n\r\n');
  expect(await late).toBe('late');
  let open = 2;
  for (let tries = 0; open > 1 && tries < 1_200; tries += 1) {
    await sleep(50);
    open = await new Promise((resolve) => server.getConnections((_error, now) => resolve(now)));
  }
  expect(open, 'only the one that was served is left').toBeLessThan(2);
  stalled.destroy();
  server.closeAllConnections();
  await once(server.close(), 'close');
});

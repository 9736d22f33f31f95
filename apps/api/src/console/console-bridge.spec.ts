import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { ConsoleBridge, type ConsoleEnd, type ConsoleLimits } from './console-bridge.js';

const LIMITS: ConsoleLimits = { idleMs: 60_000, absoluteMs: 60_000, pingMs: 60_000 };

/** A machine that sends as much as is read, and counts it. */
class Source extends Duplex {
  made = 0;
  received = '';

  constructor(private readonly chunks = 0) {
    super();
  }

  override _read(): void {
    if (this.made >= this.chunks) return;
    this.made += 1;
    this.push(Buffer.alloc(65_536, this.made));
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.received += chunk.toString();
    done();
  }
}

describe('the bridge of a console', () => {
  let server: WebSocketServer;
  let browser: WebSocket;
  let socket: WebSocket;
  beforeEach(async () => {
    server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
    await once(server, 'listening');
    browser = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const opened = once(browser, 'open');
    [socket] = (await once(server, 'connection')) as [WebSocket];
    await opened;
  });
  afterEach(() => {
    browser.terminate();
    server.close();
  });

  const run = (machine: Promise<Duplex>, limits: Partial<ConsoleLimits> = {}): { end: Promise<ConsoleEnd> } => {
    const bridge = new ConsoleBridge(socket, { ...LIMITS, ...limits });
    const open = () => machine;
    return { end: bridge.run(open, () => 'no machine') };
  };
  const closing = async () => {
    const [code, reason] = (await once(browser, 'close')) as [number, Buffer];
    return [code, reason.toString()];
  };

  it('reads from the machine no faster than the browser does', async () => {
    const machine = new Source(1_000);
    let read = 0;
    browser.pause();
    browser.on('message', (data: Buffer) => (read += data.length));
    const { end } = run(Promise.resolve(machine));
    await sleep(500);
    // What the kernel's and the streams' buffers hold, of 62 MiB.
    expect(machine.made).toBeLessThan(400);
    browser.resume();
    await expect.poll(() => read, { timeout: 20_000 }).toBe(1_000 * 65_536);
    browser.close();
    expect(await end).toMatchObject({ bytesToBrowser: 1_000 * 65_536, reason: 'closed by the browser' });
    expect(machine.destroyed).toBe(true);
  });

  it('keeps what the browser sends before the machine answers', async () => {
    const machine = new Source();
    run(sleep(200).then(() => machine));
    browser.send('early');
    await expect.poll(() => machine.received).toBe('early');
  });

  it('ends the browser when the machine ends, and the other way round', async () => {
    const machine = new Source();
    const { end } = run(Promise.resolve(machine));
    const closed = closing();
    setTimeout(() => machine.push(null), 50);
    expect(await closed).toEqual([1000, 'The virtual machine closed the console.']);
    expect((await end).reason).toBe('The virtual machine closed the console.');
    expect(machine.destroyed).toBe(true);
  });

  it('lets go of a machine that answers after the browser left', async () => {
    const machine = new Source();
    const { end } = run(sleep(200).then(() => machine));
    browser.terminate();
    await end;
    await expect.poll(() => machine.destroyed).toBe(true);
  });

  it('tells the browser why there is no machine', async () => {
    run(Promise.reject(new Error('unreachable')));
    expect(await closing()).toEqual([1011, 'no machine']);
  });

  it('ends what is idle, however long it may stay open otherwise', async () => {
    const machine = new Source();
    run(Promise.resolve(machine), { idleMs: 300 });
    const begun = Date.now();
    const keys = setInterval(() => browser.send('k'), 50);
    setTimeout(() => clearInterval(keys), 400);
    const [code, reason] = await closing();
    expect([code, reason]).toEqual([1008, expect.stringContaining('nothing happened')]);
    expect(Date.now() - begun).toBeGreaterThan(600);
    expect(machine.destroyed).toBe(true);
  });

  it('ends what was open for too long, busy or not', async () => {
    run(Promise.resolve(new Source()), { absoluteMs: 200 });
    const keys = setInterval(() => browser.send('k'), 20);
    expect(await closing()).toEqual([1008, expect.stringContaining('very long')]);
    clearInterval(keys);
  });

  it('notices a browser that is gone without a word', async () => {
    browser.terminate();
    browser = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`, { autoPong: false });
    const opened = once(browser, 'open');
    [socket] = (await once(server, 'connection')) as [WebSocket];
    await opened;
    const machine = new Source();
    const { end } = run(Promise.resolve(machine), { pingMs: 100 });
    expect((await end).reason).toBe('the browser is gone');
    expect(machine.destroyed).toBe(true);
  });
});

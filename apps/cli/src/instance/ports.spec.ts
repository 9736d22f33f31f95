import { createServer, type AddressInfo, type Server } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { findPort, isFree, type HeldPort } from './ports.js';

const open: Server[] = [];
const held: HeldPort[] = [];

afterEach(() => {
  for (const server of open.splice(0)) server.close();
  for (const port of held.splice(0)) port.release();
});

async function takenPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push(server);
  return (server.address() as AddressInfo).port;
}

async function find(request: Parameters<typeof findPort>[0]): Promise<number> {
  const port = await findPort(request);
  held.push(port);
  return port.port;
}

describe('finding a port', () => {
  it('keeps the remembered one while it is free', async () => {
    const port = await find({ name: 'worker', address: '127.0.0.1' });
    held.pop()?.release();
    expect(await find({ name: 'worker', address: '127.0.0.1', remembered: port })).toBe(port);
  });

  it('finds another one when the remembered one is taken', async () => {
    const taken = await takenPort();
    expect(await isFree(taken, '127.0.0.1')).toBe(false);
    const port = await find({ name: 'worker', address: '127.0.0.1', remembered: taken });
    expect(port).not.toBe(taken);
    expect(await isFree(port, '127.0.0.1')).toBe(true);
  });

  it('never gives the same port to two that have not yet listened', async () => {
    const ports = await Promise.all(Array.from({ length: 8 }, () => find({ name: 'api', address: '127.0.0.1' })));
    expect(new Set(ports).size).toBe(8);
  });

  it('refuses when an explicit one is taken, naming it and the setting', async () => {
    const port = await takenPort();
    const request = { name: 'api', address: '127.0.0.1', explicit: { port, setting: '--api-port' } } as const;
    await expect(find(request)).rejects.toThrow(`Port ${port} (--api-port) is in use by another program`);
  });
});

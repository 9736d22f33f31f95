import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import { connect as connectPlainly, type AddressInfo, type Socket } from 'node:net';
import { connect } from 'node:tls';
import { createAuthority, issueControlPlaneCertificate } from '@durastack/kit/tls/certificate-authority';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Greeter } from './greeter.js';

const AT_ONCE = 16;
const MANY = 100;

let server: Server;
let greeter: Greeter;
let port: number;
/** Handshakes that were begun and have not ended. */
let underWay: number;
let mostAtOnce: number;
let open: Socket[];
beforeEach(async () => {
  const authority = await createAuthority('Test');
  const { certificatePem, privateKeyPem } = await issueControlPlaneCertificate(authority, { days: 1 });
  server = createServer({ cert: certificatePem, key: privateKeyPem, minVersion: 'TLSv1.3' });
  [underWay, mostAtOnce, open] = [0, 0, []];
  server.on('connection', () => {
    underWay += 1;
    mostAtOnce = Math.max(mostAtOnce, underWay);
  });
  server.on('secureConnection', () => {
    underWay -= 1;
  });
  server.on('tlsClientError', () => undefined);
  greeter = new Greeter(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ({ port } = server.address() as AddressInfo);
});
afterEach(async () => {
  greeter.close();
  for (const socket of open) socket.destroy();
  await new Promise((resolve) => void server.close(resolve));
});

function shakeHands(): Promise<unknown> {
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false });
  open.push(socket);
  return once(socket, 'secureConnect');
}

async function comeSilently(): Promise<Socket> {
  const socket = connectPlainly(port, '127.0.0.1');
  socket.on('error', () => undefined);
  open.push(socket);
  await once(socket, 'connect');
  return socket;
}

it('shakes hands with few at once, and with all of them in the end', async () => {
  await Promise.all(Array.from({ length: MANY }, shakeHands));
  expect(mostAtOnce).toBeLessThanOrEqual(AT_ONCE);
});

it('lets those that say nothing keep nobody waiting', async () => {
  for (let one = 0; one < AT_ONCE * 2; one += 1) await comeSilently();
  expect(underWay).toBe(AT_ONCE);
  await shakeHands();
  expect(mostAtOnce).toBe(AT_ONCE * 2 + 1);
});

it('takes up nobody who has gone again', async () => {
  for (let one = 0; one < AT_ONCE; one += 1) await comeSilently();
  for (let one = 0; one < MANY; one += 1) {
    const socket = await comeSilently();
    socket.destroy();
    await once(socket, 'close');
  }
  await shakeHands();
  expect(mostAtOnce).toBe(AT_ONCE + 1);
});

/** How long a host waits for the intake: in turn for its greeting, and for an answer. */
import type { RequestListener } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Heartbeat } from '@durastack/contracts/agent/wire';
import {
  createAuthority,
  createHostCsr,
  issueControlPlaneCertificate,
  newSerial,
  signHostCsr,
} from '@durastack/kit/tls/certificate-authority';
import { afterEach, beforeAll, expect, it } from 'vitest';
import { hostSecureContext, IntakeClient } from './intake-client.js';
import type { HostIdentity } from '../identity/identity-store.js';

const INTERVAL_MS = 100;
/** Longer than a host waits for an answer at that interval. */
const LONG_MS = 3_000;
const beat = { hostId: 'h', sequence: 1 } as unknown as Heartbeat;

let identity: Omit<HostIdentity, 'intakeUrl'>;
let server: Server;
let client: IntakeClient;
const sockets = new Set<Socket>();
let options: { readonly key: string; readonly cert: string; readonly ca: string };
beforeAll(async () => {
  const authority = await createAuthority('test');
  const own = await issueControlPlaneCertificate(authority);
  options = { key: own.privateKeyPem, cert: own.certificatePem, ca: authority.certificatePem };
  const hostId = '01900000-0000-7000-8000-000000000001';
  const { csrPem, privateKeyPem } = await createHostCsr(hostId);
  const certificatePem = await signHostCsr(authority, csrPem, { hostId, incarnation: 1, serial: newSerial() });
  identity = { hostId, incarnation: 1, privateKeyPem, certificatePem, caPem: authority.certificatePem } as HostIdentity;
});
afterEach(async () => {
  client.close();
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});

async function listen(answer: RequestListener): Promise<void> {
  server = createServer({ ...options, requestCert: true }, answer);
  server.prependListener('connection', (socket: Socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const whole = { ...identity, intakeUrl: `https://127.0.0.1:${port}` } as HostIdentity;
  client = new IntakeClient(whole, hostSecureContext(whole));
}

const answering: RequestListener = (asked, answer) => {
  asked.resume();
  answer.end(JSON.stringify({ intervalMs: INTERVAL_MS, wantFull: false }));
};

it('is waited for while others are greeted first', async () => {
  await listen(answering);
  const [greet] = server.listeners('connection').slice(-1);
  server.removeListener('connection', greet as () => void);
  server.on('connection', (socket: Socket) => void sleep(LONG_MS).then(() => Reflect.apply(greet!, server, [socket])));
  expect(await client.send(beat, INTERVAL_MS)).toMatchObject({ wantFull: false });
  expect(await client.send(beat, INTERVAL_MS)).toMatchObject({ wantFull: false });
  expect(sockets.size).toBe(1);
});

it('is given up when it does not answer', async () => {
  await listen((asked) => void asked.resume());
  await expect(client.send(beat, INTERVAL_MS)).rejects.toMatchObject({
    code: 'HOST_UNREACHABLE',
    message: expect.stringContaining('no answer within 2000 ms') as string,
  });
});

it('is given up when it goes', async () => {
  await listen(() => undefined);
  server.removeAllListeners('connection');
  server.on('connection', (socket: Socket) => void sleep(100).then(() => socket.resetAndDestroy()));
  await expect(client.send(beat, INTERVAL_MS)).rejects.toMatchObject({ code: 'HOST_UNREACHABLE' });
});

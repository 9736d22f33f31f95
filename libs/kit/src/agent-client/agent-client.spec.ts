/** What a caller learns of agents that misbehave; who may call is tested with the agent itself. */
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createAuthority,
  createHostCsr,
  issueControlPlaneCertificate,
  newSerial,
  signHostCsr,
} from '../tls/certificate-authority.js';
import { createAgentClient, type AgentAddress, type AgentClient } from './agent-client.js';
import { agentOrigin } from './transport.js';

const token = { controlEpoch: 0, generation: 1, step: 0 };
let server: Server;
let client: AgentClient;
let host: AgentAddress;
let reply: (request: IncomingMessage, response: ServerResponse) => void;

beforeAll(async () => {
  const authority = await createAuthority('test');
  const hostId = randomUUID();
  const { csrPem, privateKeyPem } = await createHostCsr(hostId);
  const facts = { hostId, incarnation: 1, serial: newSerial() };
  const cert = await signHostCsr(authority, csrPem, facts);
  server = createServer({ key: privateKeyPem, cert, ca: authority.certificatePem, requestCert: true });
  server.on('request', (request, response) => reply(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const identity = await issueControlPlaneCertificate(authority);
  client = createAgentClient({ caPem: authority.certificatePem, ...identity });
  host = { id: hostId, url: `agent://127.0.0.1:${(server.address() as AddressInfo).port}` };
});
afterAll(async () => {
  await client.close();
  server.closeAllConnections();
  server.close();
});

const getVm = (timeoutMs = 5_000) => client.call(host, 'getVm', { vmId: randomUUID() }, { timeoutMs });

describe('agent client', () => {
  it('gives results within the contract, and refuses others', async () => {
    reply = (_request, response) => void response.end('{"power":"running"}');
    expect(await getVm()).toEqual({ power: 'running' });
    for (const text of ['{"power":"levitating"}', '[]', 'no JSON', '']) {
      reply = (_request, response) => void response.end(text);
      await expect(getVm()).rejects.toMatchObject({ code: 'STEP_REFUSED' });
    }
  });

  it("passes the agent's own errors on, and does not believe in codes that do not exist", async () => {
    reply = (_request, response) => void response.writeHead(409).end('{"code":"STALE_TOKEN","message":"older"}');
    await expect(getVm()).rejects.toMatchObject({ code: 'STALE_TOKEN', message: 'older', retryable: false });
    reply = (_request, response) => void response.writeHead(500).end('{"code":"OUCH","message":"strange"}');
    await expect(getVm()).rejects.toMatchObject({ code: 'STEP_REFUSED', details: { agentCode: 'OUCH' } });
    reply = (_request, response) => void response.writeHead(502).end('<html>');
    await expect(getVm()).rejects.toMatchObject({ code: 'STEP_REFUSED' });
  });

  it('calls an agent unreachable that hangs, hangs up, or never ends its answer', async () => {
    reply = () => undefined;
    await expect(getVm(100)).rejects.toMatchObject({ code: 'HOST_UNREACHABLE', retryable: true });
    reply = (request) => request.socket.destroy();
    await expect(getVm()).rejects.toMatchObject({ code: 'HOST_UNREACHABLE' });
    reply = (_request, response) => void response.write('{');
    await expect(getVm(200)).rejects.toMatchObject({ code: 'HOST_UNREACHABLE' });
  });

  it('does not swallow an endless answer', async () => {
    reply = (request, response) => {
      const chunk = Buffer.alloc(1024 * 1024, 'x');
      const more = (): void => {
        while (!request.socket.destroyed && response.write(chunk));
      };
      response.on('drain', more).on('error', () => undefined);
      more();
    };
    await expect(getVm(20_000)).rejects.toMatchObject({ code: 'STEP_REFUSED' });
  });

  it('checks the result of a finished task', async () => {
    const pool = { id: randomUUID(), kind: 'directory' as const, path: '/pool' };
    const params = { templateId: randomUUID(), store: { id: randomUUID(), path: '/store' }, pool };
    const start = () => client.startTask(host, 'ensureTemplateOnPool', params, { token, taskKey: 'a' });
    const status = { key: 'a', verb: 'ensureTemplateOnPool' };
    const say = (body: object): void => {
      reply = (_request, response) => void response.end(JSON.stringify({ ...status, ...body }));
    };
    say({ state: 'running', percent: 5 });
    expect(await start()).toMatchObject({ state: 'running', percent: 5 });
    say({ state: 'done', result: { sizeBytes: 1 } });
    expect(await start()).toMatchObject({ state: 'done', result: { sizeBytes: 1 } });
    say({ state: 'done', result: {} });
    await expect(start()).rejects.toMatchObject({ code: 'STEP_REFUSED' });
  });

  it('takes addresses of agents only', () => {
    expect(agentOrigin('agent://10.0.0.1:8443')).toBe('https://10.0.0.1:8443');
    expect(agentOrigin('https://[::1]:8443/')).toBe('https://[::1]:8443');
    for (const url of ['http://10.0.0.1', 'agent://user@host', 'agent://a/b', '10.0.0.1:1']) {
      expect(() => agentOrigin(url)).toThrow(/is not agent:\/\/host:port/);
    }
  });
});

import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { startConsoleCloud, type ConsoleCloud, type Tenant } from './console-cloud.js';

interface Endpoint {
  readonly success: boolean;
  readonly details: string;
  readonly url: string;
  readonly websocket: { readonly token: string; readonly host: string; readonly port: string; readonly path: string };
}

/** A websocket client that collects what it gets. */
class RfbClient {
  readonly socket: WebSocket;
  readonly closed: Promise<{ code: number; reason: string }>;
  private received = Buffer.alloc(0);

  constructor(websocket: Endpoint['websocket']) {
    const { host, port, path, token } = websocket;
    this.socket = new WebSocket(`ws://${host}:${port}/${path}?token=${token}`, ['binary']);
    this.socket.on('message', (data: Buffer) => (this.received = Buffer.concat([this.received, data])));
    this.closed = new Promise((resolve) =>
      this.socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() })),
    );
    // A refused handshake is looked at through `outcome`.
    this.socket.on('error', () => undefined);
  }

  /** `open`, or the HTTP status of the refusal. */
  readonly outcome = () =>
    new Promise<'open' | number>((resolve) => {
      this.socket.once('open', () => resolve('open'));
      this.socket.once('unexpected-response', (request, response) => {
        resolve(response.statusCode ?? 0);
        request.destroy();
      });
    });

  async take(length: number): Promise<Buffer> {
    for (let waited = 0; this.received.length < length && waited < 5_000; waited += 10) await sleep(10);
    const taken = this.received.subarray(0, length);
    this.received = this.received.subarray(length);
    return taken;
  }
}

describe('console', () => {
  let cloud: ConsoleCloud;
  let vmId: string;
  beforeAll(async () => {
    cloud = await startConsoleCloud();
    vmId = await cloud.makeVm({ name: 'web <1>' });
  });
  afterAll(async () => cloud?.stop());

  const endpoint = async (id = vmId): Promise<Endpoint> => {
    const reply = await cloud.owner.client.call('createConsoleEndpoint', { virtualmachineid: id });
    return reply['consoleendpoint'] as Endpoint;
  };
  const execute = (sql: string, values: unknown[] = []) => cloud.database.source.query(sql, values) as Promise<unknown>;

  it('answers in the shape that CloudStack clients read', async () => {
    const { success, url, websocket, details } = await endpoint();
    expect(success).toBe(true);
    expect(details).toContain('once');
    const { hostname, port } = new URL(cloud.url);
    expect(websocket).toMatchObject({ host: hostname, port, path: 'client/console/ws' });
    expect(url).toBe(`${cloud.url}/client/console?token=${websocket.token}`);
  });

  it('carries RFB both ways', async () => {
    const client = new RfbClient((await endpoint()).websocket);
    expect(await client.outcome()).toBe('open');
    expect(client.socket.protocol).toBe('binary');
    expect((await client.take(12)).toString()).toBe('RFB 003.008\n');
    client.socket.send(Buffer.from('RFB 003.008\n'));
    expect([...(await client.take(2))]).toEqual([1, 1]);
    client.socket.send(Buffer.from([1]));
    expect([...(await client.take(4))]).toEqual([0, 0, 0, 0]);
    client.socket.send(Buffer.from([1]));
    const init = await client.take(24);
    expect([init.readUInt16BE(0), init.readUInt16BE(2)]).toEqual([640, 400]);
    expect((await client.take(init.readUInt32BE(20))).toString()).toBe(`test-${vmId.slice(-12)}`);
    client.socket.close();
    await client.closed;
  });

  it('opens once per token, whoever is first', async () => {
    const { websocket } = await endpoint();
    const clients = Array.from({ length: 8 }, () => new RfbClient(websocket));
    const outcomes = await Promise.all(clients.map((client) => client.outcome()));
    expect(outcomes.filter((outcome) => outcome === 'open')).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === 401)).toHaveLength(7);
    for (const client of clients) client.socket.terminate();
  });

  it('refuses tokens that are expired, unknown, malformed or missing', async () => {
    const { websocket } = await endpoint();
    await execute('UPDATE console_token SET expires_at = UTC_TIMESTAMP(3) - INTERVAL 1 SECOND WHERE used_at IS NULL');
    for (const token of [websocket.token, 'A'.repeat(43), "' OR 1=1 --", ''])
      expect(await new RfbClient({ ...websocket, token }).outcome()).toBe(401);
  });

  it('gives 30 seconds and keeps only a hash', async () => {
    const { websocket } = await endpoint();
    const rows = (await execute(
      'SELECT *, TIMESTAMPDIFF(SECOND, UTC_TIMESTAMP(3), expires_at) AS left_s FROM console_token ORDER BY expires_at DESC LIMIT 1',
    )) as { left_s: number }[];
    expect(Number(rows[0]?.left_s)).toBeGreaterThanOrEqual(25);
    expect(Number(rows[0]?.left_s)).toBeLessThanOrEqual(30);
    expect(JSON.stringify(rows)).not.toContain(websocket.token);
  });

  it("does not know another account's machine", async () => {
    for (const command of ['createConsoleEndpoint', 'getVirtualMachineSerialLog']) {
      const { status, body } = await cloud.stranger.client.request(command, { virtualmachineid: vmId, id: vmId });
      expect(status).toBe(431);
      expect(body['errortext']).toContain('entity does not exist');
    }
  });

  it('refuses a machine that does not run, also when it stopped after the token was given', async () => {
    const stopped = await cloud.makeVm({ name: 'off-1', running: false });
    const { status, body } = await cloud.owner.client.request('createConsoleEndpoint', { virtualmachineid: stopped });
    expect([status, body['errortext']]).toEqual([431, expect.stringContaining('off-1 is Stopped')]);
    const brief = await cloud.makeVm({ name: 'brief-1' });
    const { websocket } = await endpoint(brief);
    await execute("UPDATE virtual_machine SET state = 'Stopped', host_id = NULL WHERE id = ?", [brief]);
    expect(await new RfbClient(websocket).outcome()).toBe(401);
  });

  it('refuses a token of a user who was disabled meanwhile', async () => {
    const { websocket } = await endpoint();
    await execute("UPDATE user SET state = 'disabled' WHERE id = ?", [cloud.owner.userId]);
    try {
      expect(await new RfbClient(websocket).outcome()).toBe(401);
    } finally {
      await execute("UPDATE user SET state = 'enabled' WHERE id = ?", [cloud.owner.userId]);
    }
  });

  it('ends with the machine, saying so', async () => {
    const brief = await cloud.makeVm({ name: 'brief-2' });
    const client = new RfbClient((await endpoint(brief)).websocket);
    await client.take(12);
    await cloud.cutPower(brief);
    expect(await client.closed).toEqual({ code: 1000, reason: 'The virtual machine closed the console.' });
  });

  it('says that the machine has no console when the host disagrees with the database', async () => {
    const brief = await cloud.makeVm({ name: 'brief-3' });
    const { websocket } = await endpoint(brief);
    await cloud.cutPower(brief);
    const client = new RfbClient(websocket);
    expect(await client.closed).toEqual({ code: 1011, reason: expect.stringContaining('does not run') });
  });

  it('says that the host does not answer, without naming it', async () => {
    const lost = await cloud.makeVm({ name: 'lost-1' });
    const { websocket } = await endpoint(lost);
    await execute("UPDATE host SET agent_url = 'agent://127.0.0.1:9' WHERE id = ?", [cloud.host.id]);
    try {
      const { code, reason } = await new RfbClient(websocket).closed;
      expect([code, reason]).toEqual([1011, "The virtual machine's host does not answer; try again in a moment."]);
      const { status, body } = await cloud.owner.client.request('getVirtualMachineSerialLog', { id: lost });
      expect(status).toBe(530);
      expect(JSON.stringify(body)).not.toContain(cloud.host.id);
    } finally {
      await execute('UPDATE host SET agent_url = ? WHERE id = ?', [cloud.host.url, cloud.host.id]);
    }
  });

  it('reads the serial log, of a stopped machine too', async () => {
    const read = async (params: Record<string, string>) =>
      (await cloud.owner.client.call('getVirtualMachineSerialLog', params))['seriallog'];
    expect(await read({ id: vmId })).toEqual({ text: expect.stringContaining('web-1 login:'), truncated: false });
    expect(await read({ id: vmId, maxbytes: '4' })).toEqual({
      text: expect.stringMatching(/^.{4}$/s),
      truncated: true,
    });
    const brief = await cloud.makeVm({ name: 'brief-4' });
    await cloud.cutPower(brief);
    await execute("UPDATE virtual_machine SET state = 'Stopped', last_host_id = host_id, host_id = NULL WHERE id = ?", [
      brief,
    ]);
    expect(await read({ id: brief })).toEqual({ text: expect.stringContaining('[off]'), truncated: false });
    const never = await cloud.makeVm({ name: 'never-1', running: false });
    const { body } = await cloud.owner.client.request('getVirtualMachineSerialLog', { id: never });
    expect(body['errortext']).toContain('never run');
  });

  it('serves REST clients', async () => {
    const at = `${cloud.url}/api/v1/virtual-machines/${vmId}`;
    const { headers } = cloud.owner;
    const log = await fetch(`${at}/serial-log?maxBytes=6`, { headers });
    expect([log.status, await log.json()]).toEqual([200, { text: expect.stringMatching(/^.{6}$/s), truncated: true }]);
    const post = (tenant: Tenant) =>
      fetch(`${at}/console-endpoints`, {
        method: 'POST',
        headers: { ...tenant.headers, 'Content-Type': 'application/json', 'Idempotency-Key': 'k-1' },
        body: '{}',
      });
    const made = await post(cloud.owner);
    expect(made.ok).toBe(true);
    const { websocket } = (await made.json()) as Endpoint;
    expect(await new RfbClient(websocket).outcome()).toBe('open');
    expect((await post(cloud.stranger)).status).toBe(404);
    expect(JSON.stringify(await execute('SELECT * FROM idempotency_key'))).not.toContain(websocket.token);
  });

  describe('page', () => {
    it('is titled by the machine, uses nothing from elsewhere, and does not use the token up', async () => {
      const { url, websocket } = await endpoint();
      for (let time = 0; time < 2; time += 1) {
        const response = await fetch(url);
        const html = await response.text();
        expect(response.status).toBe(200);
        expect(html).toContain('<title>web &lt;1&gt; – console</title>');
        expect(html).toContain('Ctrl-Alt-Del');
        expect(html).not.toMatch(/(src|href)="(https?:)?\/\//);
        expect(html).not.toContain(websocket.token);
        const policy = response.headers.get('content-security-policy') ?? '';
        expect(policy).toContain("default-src 'none'");
        expect(policy).not.toContain('unsafe');
        expect(response.headers.get('cache-control')).toBe('no-store');
        expect(response.headers.get('referrer-policy')).toBe('no-referrer');
      }
      expect(await new RfbClient(websocket).outcome()).toBe('open');
    });

    it('says when the token was used and when it has expired', async () => {
      const used = await endpoint();
      const client = new RfbClient(used.websocket);
      await client.outcome();
      client.socket.terminate();
      const old = await endpoint();
      await execute('UPDATE console_token SET expires_at = UTC_TIMESTAMP(3) - INTERVAL 1 SECOND WHERE used_at IS NULL');
      const page = async (url: string) => {
        const response = await fetch(url);
        return [response.status, await response.text()] as const;
      };
      expect(await page(used.url)).toEqual([410, expect.stringContaining('has been used already')]);
      expect(await page(old.url)).toEqual([410, expect.stringContaining('has expired')]);
      expect(await page(`${cloud.url}/client/console`)).toEqual([410, expect.stringContaining('not valid')]);
    });

    it('serves its own files and of noVNC the modules alone', async () => {
      const type = async (path: string) => {
        const response = await fetch(`${cloud.url}/client/console/${path}`);
        await response.arrayBuffer();
        return response.status === 200 ? response.headers.get('content-type') : response.status;
      };
      expect(await type('assets/console.js')).toContain('javascript');
      expect(await type('assets/console.css')).toContain('css');
      expect(await type('novnc/core/rfb.js')).toContain('javascript');
      expect(await type('novnc/vendor/pako/lib/zlib/inflate.js')).toContain('javascript');
      expect(await type('novnc/package.json')).toBe(404);
      expect(await type('novnc/core/..%2fpackage.json')).toBe(404);
      expect(await type('novnc/core/%2e%2e/%2e%2e/%2e%2e/package.json')).toBe(404);
    });
  });

  it('serves requests that offer other upgrades as if they did not', async () => {
    const offer = {
      Connection: 'Upgrade, HTTP2-Settings',
      Upgrade: 'h2c',
      'HTTP2-Settings': 'AAMAAABkAAQAoAAAAAIAAAAA',
    };
    const ask = (method: string, path: string, body = '') =>
      new Promise<[number | undefined, string]>((resolve, reject) => {
        const headers = {
          ...offer,
          'Content-Type': 'application/x-www-form-urlencoded',
          'Content-Length': body.length,
        };
        const request = httpRequest(`${cloud.url}${path}`, { method, headers, agent: false });
        request.once('error', reject).once('response', async (response) => {
          let text = '';
          for await (const chunk of response) text += String(chunk);
          resolve([response.statusCode, text]);
        });
        request.end(body);
      });
    expect(await ask('GET', '/health')).toEqual([200, expect.stringContaining('ok')]);
    const body = `command=listZones&response=json&x=${'y'.repeat(200_000)}`;
    expect(await ask('POST', '/client/api', body)).toEqual([401, expect.stringContaining('listzonesresponse')]);
    const [status] = await ask('GET', '/client/console/ws');
    expect(status).toBe(404);
  });

  it('refuses a websocket on any other path', async () => {
    const socket = connect(Number(new URL(cloud.url).port), '127.0.0.1');
    socket.write(
      'GET /elsewhere HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
    );
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    expect(chunk.toString()).toMatch(/^HTTP\/1\.1 404 /);
    socket.destroy();
  });

  it('logs who opened which console, never a token', async () => {
    const { url, websocket } = await endpoint();
    await (await fetch(url)).text();
    const client = new RfbClient(websocket);
    await client.take(12);
    client.socket.close();
    await client.closed;
    await expect.poll(() => cloud.log()).toContain('console closed');
    expect(cloud.log()).toContain(vmId);
    expect(cloud.log()).not.toContain(websocket.token);
    const events = JSON.stringify(
      await execute("SELECT * FROM event WHERE type = 'VM.CONSOLE' AND resource_id = ?", [vmId]),
    );
    expect(events).toContain('createConsoleEndpoint completed');
    expect(events).not.toContain(websocket.token);
  });

  it('tells open consoles that the service ends', async () => {
    const client = new RfbClient((await endpoint()).websocket);
    await client.take(12);
    await cloud.api.close();
    expect(await client.closed).toEqual({ code: 1008, reason: expect.stringContaining('restarts') });
  });
});

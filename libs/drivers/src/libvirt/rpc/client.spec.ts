import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startLibvirtdFixture, type LibvirtdFixture } from '../libvirtd-fixture.js';
import { LibvirtClient } from './client.js';
import { offersCpu } from './migration-calls.js';
import { DOMAIN_STATE, EVENT_LIFECYCLE } from './protocol.js';

let libvirtd: LibvirtdFixture;
let client: LibvirtClient;
const ID = '6f6f4a4e-3c0f-4a51-9f0e-0c6a9d6a7d10';
const XML = `<domain type='qemu'><name>rpc-spec</name><uuid>${ID}</uuid><memory unit='MiB'>16</memory><vcpu>1</vcpu>
<metadata><t:x xmlns:t='urn:spec' a='1'/></metadata><os><type arch='x86_64' machine='q35'>hvm</type></os></domain>`;

beforeAll(async () => {
  libvirtd = await startLibvirtdFixture();
  client = new LibvirtClient({ socketPath: libvirtd.socketPath });
});
afterAll(async () => {
  client.close();
  await libvirtd.end();
});

describe('the libvirt RPC client', () => {
  it('reads versions and the node', async () => {
    expect(await client.libvirtVersion()).toMatch(/^\d+\.\d+\.\d+$/);
    expect(await client.hypervisorVersion()).toMatch(/^\d+\.\d+\.\d+$/);
    expect((await client.nodeInfo()).memoryKib).toBeGreaterThan(100_000);
  });

  it('defines, starts, pauses, resumes, destroys and undefines', async () => {
    expect(await client.domainByUuid(ID)).toBeUndefined();
    const domain = await client.defineDomain(XML);
    expect(domain).toEqual({ name: 'rpc-spec', uuid: ID, id: -1 });
    expect(await client.domainByName('rpc-spec')).toEqual(domain);
    expect(await client.listDomains()).toEqual([domain]);
    expect(await client.domainMetadata(domain, 'urn:spec')).toContain('a="1"');
    expect(await client.domainMetadata(domain, 'urn:other')).toBeUndefined();
    const running = await client.createDomain(domain);
    expect(running.id).toBeGreaterThan(0);
    await client.suspendDomain(running);
    expect((await client.domainState(running))?.state).toBe(DOMAIN_STATE.paused);
    await client.resumeDomain(running);
    expect((await client.domainState(running))?.state).toBe(DOMAIN_STATE.running);
    await client.destroyDomain(running);
    expect(await client.inactiveXml(domain)).toContain(ID);
    await client.undefineDomain(domain);
    expect(await client.domainState(domain)).toBeUndefined();
  });

  it('says what libvirt refused, with its code', async () => {
    await expect(client.defineDomain('<domain/>')).rejects.toMatchObject({
      code: 'STEP_REFUSED',
      details: { libvirtCode: 21 },
    });
  });

  it('compares processors: this one offers what it has, and nothing that no processor has', async () => {
    const [, cpu = ''] = /<host>[\s\S]*?(<cpu>[\s\S]*?<\/cpu>)/.exec(await client.capabilities()) ?? [];
    expect(cpu).not.toBe('');
    expect(await offersCpu(client, cpu)).toBe(true);
    // What AMD and Intel each have alone cannot be in one.
    const missing = ['svm', 'vmx'].map((name) => `<feature name='${name}'/>`).filter((one) => !cpu.includes(one));
    expect(await offersCpu(client, cpu.replace('</cpu>', `${missing.join('')}</cpu>`))).toBe(false);
  });

  it('subscribes and unsubscribes', async () => {
    await client.unsubscribe(await client.subscribe(EVENT_LIFECYCLE));
  });

  it('connects again after the daemon was killed', async () => {
    await libvirtd.kill();
    await expect(client.libvirtVersion()).rejects.toMatchObject({ code: 'BACKEND_BUSY' });
    await libvirtd.restart();
    expect(await client.libvirtVersion()).toMatch(/^\d/);
  });
});

describe('a daemon that is of no use', () => {
  let server: Server | undefined;
  afterAll(() => void server?.close());

  it('is BACKEND_BUSY when absent and TIMEOUT when silent', async () => {
    const absent = new LibvirtClient({ socketPath: join(libvirtd.dir, 'nothing') });
    await expect(absent.connect()).rejects.toMatchObject({ code: 'BACKEND_BUSY' });
    const silent = join(libvirtd.dir, 'silent');
    server = createServer((socket) => socket.on('error', () => undefined));
    await new Promise<void>((listening) => server?.listen(silent, listening));
    const client = new LibvirtClient({ socketPath: silent, openTimeoutMs: 200 });
    await expect(client.connect()).rejects.toMatchObject({ code: 'TIMEOUT' });
    client.close();
  });
});

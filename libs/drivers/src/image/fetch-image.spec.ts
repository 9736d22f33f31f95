import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, open, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { IMAGE_FORMATS } from '@durastack/contracts/agent/specs';
import type { VerbParams } from '@durastack/contracts/agent/verbs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { VerbContext } from '../driver.js';
import { ImageServer } from './fetch-image.fixture.js';
import { fetchImage, type FetchImageOptions } from './fetch-image.js';
import { ensureImageGone, ensureTemplateGoneFromPool, ensureTemplateOnPool } from './image-files.js';
import { run as runProgram } from '../process/run.js';

type Params = VerbParams<'fetchImage'>;
const MIB = 1024 * 1024;
const VIRTUAL_BYTES = 8 * MIB;

let dir: string;
let server: ImageServer;
let params: Params;
const context: VerbContext = { signal: new AbortController().signal, progress: () => undefined };
const images: Record<string, Buffer> = {};

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'fetch-'));
  server = await ImageServer.start();
  // Random data, so that conversions and truncations have something to lose.
  await writeFile(
    join(dir, 'source.raw'),
    Buffer.concat([randomBytes(3 * MIB), Buffer.alloc(VIRTUAL_BYTES - 3 * MIB)]),
  );
  for (const format of IMAGE_FORMATS) images[format] = await convert(format);
});
afterAll(async () => {
  await server.stop();
  await rm(dir, { recursive: true, force: true });
});
beforeEach(() => {
  params = {
    templateId: randomUUID(),
    store: { id: randomUUID(), path: join(dir, 'store') },
    url: '',
    format: 'qcow2',
    maxBytes: 64 * MIB,
    maxVirtualBytes: 1024 * MIB,
    allowedPrivateCidrs: ['127.0.0.1/32'],
  };
});
afterEach(async () => {
  await rm(join(dir, 'store'), { recursive: true, force: true });
});

async function convert(format: string, ...options: string[]): Promise<Buffer> {
  const path = join(dir, `made.${format}`);
  await runProgram('qemu-img', ['convert', '-f', 'raw', '-O', format, ...options, join(dir, 'source.raw'), path]);
  return readFile(path);
}

const good = (): Buffer => images.qcow2 ?? expect.fail('no image');

const run = (change: Partial<Params>, options?: FetchImageOptions, given: VerbContext = context) =>
  fetchImage({ ...params, ...change }, given, options);

/** Refused for the reason, and the store is as empty as before. */
async function expectRefused(change: Partial<Params>, reason: RegExp, options?: FetchImageOptions): Promise<void> {
  const error = await run(change, options).then(
    () => undefined,
    (e: unknown) => e,
  );
  expect(error).toMatchObject({ code: 'IMAGE_REFUSED', message: expect.stringMatching(reason) });
  expect(await readdir(params.store.path)).toEqual([]);
}

/** The first descriptor of a CD's file system, after 16 empty sectors, and sectors that hold something. */
function cd(name: string): Buffer {
  const descriptor = Buffer.alloc(2048);
  descriptor.writeUInt8(1, 0);
  descriptor.write(`${name}\x01`, 1, 'latin1');
  return Buffer.concat([Buffer.alloc(16 * 2048), descriptor, randomBytes(MIB)]);
}

describe('images of CDs', () => {
  it.each(['CD001', 'BEA01'])('takes one with %s, byte by byte', async (name) => {
    const [path, bytes] = [join(dir, 'cd.iso'), cd(name)];
    await writeFile(path, bytes);
    const result = await run({ url: server.serve('/cd.iso', bytes), format: 'iso' });
    expect(result.virtualSizeBytes).toBe(bytes.length);
    const stored = join(params.store.path, `${params.templateId}.qcow2`);
    await runProgram('qemu-img', ['compare', '-f', 'raw', '-F', 'qcow2', path, stored]);
  });

  it('refuses what is none, is cut off, or could name other files', async () => {
    const raw = images['raw'] ?? expect.fail('no image');
    await expectRefused({ url: server.serve('/disk', raw), format: 'iso' }, /neither the file system ISO 9660 nor UDF/);
    await expectRefused({ url: server.serve('/disk', good()), format: 'iso' }, /is qcow2 by its signature/);
    const cut = cd('CD001').subarray(0, -100);
    await expectRefused({ url: server.serve('/cut', cut), format: 'iso' }, /cut off/);
    const short = cd('CD001').subarray(0, 16 * 2048);
    await expectRefused({ url: server.serve('/short', short), format: 'iso' }, /neither/);
    await expectRefused({ url: server.serve('/none', Buffer.alloc(0)), format: 'iso' }, /is empty/);
  });
});

describe('good images', () => {
  it.each(IMAGE_FORMATS)('takes %s and stores a standalone qcow2 with the same contents', async (format) => {
    const bytes = images[format] ?? Buffer.alloc(0);
    const url = server.serve(`/good.${format}`, bytes);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const result = await run({ url, format, checksum: `{SHA-256}${sha256}` });

    const stored = join(params.store.path, `${params.templateId}.qcow2`);
    expect(result).toEqual({ sizeBytes: (await stat(stored)).size, virtualSizeBytes: VIRTUAL_BYTES, sha256 });
    expect((await stat(stored)).mode & 0o777).toBe(0o644);
    expect(await readdir(params.store.path)).toEqual([`${params.templateId}.qcow2`]);
    await runProgram('qemu-img', ['compare', '-f', 'raw', '-F', 'qcow2', join(dir, 'source.raw'), stored]);
    const info = await runProgram('qemu-img', ['info', '--output=json', '-f', 'qcow2', stored]);
    expect(info).not.toContain('backing');
  });

  it('takes a stream-optimized VMDK and a compressed qcow2', async () => {
    const vmdk = await convert('vmdk', '-o', 'subformat=streamOptimized');
    await expect(run({ url: server.serve('/stream.vmdk', vmdk), format: 'vmdk' })).resolves.toBeDefined();
    await expect(run({ url: server.serve('/c.qcow2', await convert('qcow2', '-c')) })).resolves.toBeDefined();
  });

  it.each(['gz', 'bz2', 'xz'])('unpacks .%s, whose checksum is that of the packed file', async (suffix) => {
    await writeFile(join(dir, 'pack'), good());
    const tool = { gz: 'gzip', bz2: 'bzip2', xz: 'xz' }[suffix] ?? '';
    await runProgram(tool, ['-f', '-k', join(dir, 'pack')]);
    const bytes = await readFile(join(dir, `pack.${suffix}`));
    const sha512 = createHash('sha512').update(bytes).digest('hex');
    const url = server.redirect(`/latest-${suffix}`, server.serve(`/image.qcow2.${suffix}`, bytes));
    const result = await run({ url, checksum: sha512 });
    expect(result.sha256).toBe(createHash('sha256').update(bytes).digest('hex'));
  });

  it('removes what a crash left and replaces an older image', async () => {
    await mkdir(params.store.path);
    await writeFile(join(params.store.path, `.${params.templateId}.0a.part`), 'left');
    await writeFile(join(params.store.path, `${params.templateId}.qcow2`), 'old');
    await run({ url: server.serve('/good.qcow2', good()) });
    expect(await readdir(params.store.path)).toEqual([`${params.templateId}.qcow2`]);
    expect((await stat(join(params.store.path, `${params.templateId}.qcow2`))).size).toBeGreaterThan(MIB);
  });

  it('reports progress that rises to 100', async () => {
    const percents: number[] = [];
    const progress = (percent: number | undefined): void => void percents.push(percent ?? -1);
    await run({ url: server.serve('/good.qcow2', good()) }, {}, { ...context, progress });
    expect(percents.at(-1)).toBe(100);
    expect([...percents].sort((a, b) => a - b)).toEqual(percents);
  });
});

describe('hostile images', () => {
  const make = async (name: string, format: string, size: string, options: string[] = []): Promise<string> => {
    const path = join(dir, name);
    await runProgram('qemu-img', ['create', '-q', '-f', format, ...options, path, size]);
    return path;
  };
  const serveFile = async (path: string): Promise<string> => server.serve('/hostile', await readFile(path));

  it('refuses a backing file', async () => {
    const options = ['-u', '-b', '/etc/shadow', '-F', 'raw'];
    await expectRefused({ url: await serveFile(await make('b.qcow2', 'qcow2', '1M', options)) }, /backing file/);
  });

  it('refuses a data file', async () => {
    const options = ['-o', `data_file=${join(dir, 'data.raw')},data_file_raw=on`];
    await expectRefused(
      { url: await serveFile(await make('d.qcow2', 'qcow2', '1M', options)) },
      /data in another file/,
    );
  });

  // qemu-img times its key derivation, and gives up on a busy machine: “Unable to get accurate CPU usage”.
  it('refuses an encrypted image', { retry: 5 }, async () => {
    const secret = [
      '--object',
      'secret,id=s,data=geheim',
      '-o',
      'encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=10',
    ];
    await expectRefused({ url: await serveFile(await make('e.qcow2', 'qcow2', '1M', secret)) }, /encrypted/);
  });

  it('refuses VMDK descriptors, extents elsewhere and parents', async () => {
    const format = 'vmdk';
    const flat = await make('flat.vmdk', 'vmdk', '1M', ['-o', 'subformat=monolithicFlat']);
    await expectRefused({ url: await serveFile(flat), format }, /descriptor that names other files/);

    const sparse = await make('sparse.vmdk', 'vmdk', '1M');
    const patched = async (from: string, to: string): Promise<string> => {
      const text = (await readFile(sparse)).toString('latin1');
      expect(text).toContain(from);
      // Zeros pad the descriptor, so that the rest of the file stays in place.
      const grown = to.length - from.length;
      const end = text.indexOf('\0', text.indexOf(from));
      const bytes = text.slice(0, end).replace(from, to) + text.slice(end + Math.max(grown, 0));
      return server.serve('/hostile', Buffer.from(bytes, 'latin1'));
    };
    const extent = /RW \d+ SPARSE "[^"]*"/.exec((await readFile(sparse)).toString('latin1'))?.[0] ?? '';
    await expectRefused({ url: await patched(extent, `${extent}\nRW 2048 FLAT "/etc/shadow" 0`), format }, /extents/);
    await expectRefused({ url: await patched('"sparse.vmdk"', '"../x/s.vmdk"'), format }, /another folder/);
    await expectRefused({ url: await patched('parentCID=ffffffff', 'parentCID=12345678'), format }, /parent/);
    await expectRefused({ url: await patched('monolithicSparse', 'twoGbMaxExtentFlat'), format }, /type/);
  });

  it('refuses a huge virtual size', async () => {
    const huge = await make('huge.qcow2', 'qcow2', '100T');
    await expectRefused({ url: await serveFile(huge) }, /virtual size of \d+ bytes exceeds the limit/);
    const raw = server.serve('/raw', Buffer.alloc(2 * MIB));
    await expectRefused({ url: raw, format: 'raw', maxVirtualBytes: MIB }, /virtual size/);
  });

  it('refuses a wrong format', async () => {
    for (const [given, real] of [
      ['qcow2', 'vmdk'],
      ['vmdk', 'qcow2'],
      ['raw', 'qcow2'],
      ['vhdx', 'vdi'],
      ['qcow2', 'raw'],
    ]) {
      const url = server.serve('/wrong', images[real ?? ''] ?? Buffer.alloc(0));
      await expectRefused({ url, format: given as Params['format'] }, new RegExp(`given as ${given}, but`));
    }
    const page = server.serve('/page', Buffer.from('<!DOCTYPE html><p>Moved</p>'.padEnd(512)));
    await expectRefused({ url: page, format: 'raw' }, /HTML page/);
  });

  it.each(IMAGE_FORMATS)('refuses a truncated %s', async (format) => {
    const path = join(dir, 'cut');
    await writeFile(path, images[format] ?? Buffer.alloc(0));
    await truncate(path, 2 * MIB + 100);
    await expectRefused({ url: await serveFile(path), format }, /cut off|damaged/);
    await expectRefused({ url: server.serve('/none', Buffer.alloc(0)), format }, /given as/);
  });

  it('survives broken headers: refused, or harmless because the damage is in unused bytes', async () => {
    for (const format of ['qcow2', 'vmdk', 'vhdx', 'vdi'] as const) {
      for (let round = 0; round < 4; round += 1) {
        const bytes = Buffer.from(images[format] ?? []);
        randomBytes(400).copy(bytes, 68);
        const fate = await run({ url: server.serve('/broken', bytes), format }).then(
          () => 'stored',
          (error: unknown) => (error as { code: string }).code,
        );
        expect(['stored', 'IMAGE_REFUSED']).toContain(fate);
        const left = fate === 'stored' ? [`${params.templateId}.qcow2`] : [];
        expect(await readdir(params.store.path)).toEqual(left);
        await rm(params.store.path, { recursive: true });
      }
    }
  });

  it('refuses a decompression bomb', async () => {
    const bomb = gzipSync(Buffer.alloc(128 * MIB));
    await expectRefused(
      { url: server.serve('/bomb.gz', bomb), format: 'raw', maxVirtualBytes: MIB },
      /unpacks to more/,
    );
    await expectRefused({ url: server.serve('/no.gz', randomBytes(999)) }, /cannot be unpacked/);
  });
});

describe('hostile servers', () => {
  it('refuses a wrong or malformed checksum', async () => {
    const url = server.serve('/good.qcow2', good());
    await expectRefused({ url, checksum: `{SHA-256}${'0'.repeat(64)}` }, /sha256 checksum/);
    await expect(run({ url, checksum: 'nonsense' })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    expect(await readdir(params.store.path)).toEqual([]);
  });

  it('refuses an oversized body, announced or not', async () => {
    await expectRefused({ url: server.serve('/big', good()), maxBytes: MIB }, /more than the limit/);
    const endless = server.serve('/endless', (_request, response) => {
      response.writeHead(200);
      const more = (): void =>
        void (response.destroyed || response.write(Buffer.alloc(65_536), () => setImmediate(more)));
      more();
    });
    await expectRefused({ url: endless, maxBytes: MIB }, /larger than the limit/);
  });

  it('refuses a body that ends early, stalls, or takes too long', async () => {
    const cut = server.serve('/cut', (_request, response) => {
      response.writeHead(200, { 'content-length': 1000 }).write('x', () => response.destroy());
    });
    await expectRefused({ url: cut }, /could not be fetched/);
    const stalled = server.serve('/stalled', (_request, response) => void response.writeHead(200).write('x'));
    await expectRefused({ url: stalled }, /could not be fetched/, { idleTimeoutMs: 200 });
    await expectRefused({ url: stalled }, /not fetched within 300 ms/, { totalTimeoutMs: 300 });
  });

  it('refuses errors, encodings, loops and other schemes', async () => {
    await expectRefused({ url: `http://127.0.0.1:${server.port}/absent` }, /status 404/);
    const encoded = server.serve('/encoded', (_request, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end('x'),
    );
    await expectRefused({ url: encoded }, /content encoding/);
    await expectRefused({ url: server.redirect('/loop', '/loop') }, /more than 5 times/);
    await expectRefused({ url: server.redirect('/file', 'file:///etc/shadow') }, /only http and https/);
    for (const url of ['file:///etc/shadow', 'ftp://127.0.0.1/x', 'nonsense', 'http://a:b@127.0.0.1/x']) {
      await expectRefused({ url }, /only http and https|not a URL|user name/);
    }
  });

  it.each([
    ...['127.0.0.2', '127.1', '0x7f000002', '2130706434', '[::1]', '[::ffff:127.0.0.2]', '[::ffff:7f00:2]', '0.0.0.0'],
    ...['10.0.0.1', '172.31.255.1', '192.168.1.1', '169.254.169.254', '100.64.0.1', '198.18.0.1', '224.0.0.1'],
    ...['[fe80::1]', '[fd00::1]', '[64:ff9b::10.0.0.1]', '[2002:a00:1::]', '[2001:0:1::]', '[ff02::1]', '[::]'],
  ])('does not connect to %s, directly or by redirect', async (host) => {
    const allowedPrivateCidrs = host === '127.1' ? [] : params.allowedPrivateCidrs;
    const url = `http://${host}:${server.port}/good.qcow2`;
    const seen = server.requests.length;
    await expectRefused({ url, allowedPrivateCidrs }, /private or special address/);
    expect(server.requests.length).toBe(seen);
    if (host === '127.1') return;
    await expectRefused({ url: server.redirect('/away', url) }, /private or special address/);
    expect(server.requests.length).toBe(seen + 1);
  });

  it('resolves a name once per hop and connects to what it judged', async () => {
    server.serve('/good.qcow2', good());
    const answers = ['127.0.0.1', '127.0.0.2', '169.254.169.254'];
    let asked = 0;
    const resolve: FetchImageOptions['resolve'] = async () => [{ address: answers[asked++] ?? '', family: 4 }];
    const url = `http://rebind.example:${server.port}/good.qcow2`;
    await run({ url }, { resolve });
    expect(asked).toBe(1);
    expect(server.requests.at(-1)).toBe(`rebind.example:${server.port} /good.qcow2`);

    await rm(params.store.path, { recursive: true });
    await expectRefused({ url }, /private or special address 127\.0\.0\.2/, { resolve });
    asked = 0;
    const hop = server.redirect('/hop', url).replace('127.0.0.1', 'rebind.example');
    await expectRefused({ url: hop }, /127\.0\.0\.2/, { resolve });
    const unknown: FetchImageOptions['resolve'] = () => Promise.reject(new TypeError('ENOTFOUND'));
    await expectRefused({ url }, /cannot be resolved/, { resolve: unknown });
  });

  it('stops on abort, with nothing left', async () => {
    const abort = new AbortController();
    const stalled = server.serve('/stalled', (_request, response) => {
      response.writeHead(200).write('x');
      setTimeout(() => abort.abort(), 50);
    });
    const attempt = run({ url: stalled }, {}, { ...context, signal: abort.signal });
    await expect(attempt).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(await readdir(params.store.path)).toEqual([]);
  });
});

describe('images in stores and pools', () => {
  it('copies to the pool once, says what is missing, and removes', async () => {
    const pool = { id: randomUUID(), kind: 'directory' as const, path: join(dir, 'pool') };
    const { templateId, store } = params;
    const copy = () => ensureTemplateOnPool({ templateId, store, pool }, context);
    await expect(copy()).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const { sizeBytes } = await run({ url: server.serve('/good.qcow2', good()) });
    await expect(copy()).rejects.toMatchObject({ code: 'ENVIRONMENT' });

    await mkdir(pool.path);
    expect(await Promise.all([copy(), copy()])).toEqual([{ sizeBytes }, { sizeBytes }]);
    expect(await readdir(join(pool.path, 'templates'))).toEqual([`${templateId}.qcow2`]);
    await ensureImageGone({ templateId, store });
    await ensureImageGone({ templateId, store });
    expect(await copy()).toEqual({ sizeBytes });

    const left = await open(join(pool.path, 'templates', `.${templateId}.0a.part`), 'w');
    await left.close();
    await ensureTemplateGoneFromPool(templateId, pool);
    await ensureTemplateGoneFromPool(templateId, pool);
    expect(await readdir(join(pool.path, 'templates'))).toEqual([]);
    expect(await readdir(store.path)).toEqual([]);
  });

  it('leaves nothing of a cancelled copy', async () => {
    const pool = { id: randomUUID(), kind: 'directory' as const, path: join(dir, 'pool2') };
    await mkdir(pool.path);
    await run({ url: server.serve('/good.qcow2', good()) });
    const signal = AbortSignal.abort();
    const copy = ensureTemplateOnPool({ ...params, pool }, { ...context, signal });
    await expect(copy).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(await readdir(join(pool.path, 'templates'))).toEqual([]);
  });
});

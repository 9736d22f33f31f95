/** What becomes of a volume on its way when a pool is full, when something writes to it, and when an agent dies. */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { DirectoryPoolSpec } from '@durastack/contracts/agent/specs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Link } from '../../conformance/migration-scene.js';
import { ensurePool } from '../../directory-pool/pools.js';
import { volumePath } from '../../directory-pool/paths.js';
import { ensureVolume } from '../../directory-pool/volumes.js';
import type { RemoteReceiver, VerbContext } from '../../driver.js';
import type { VolumeOn } from '../../pool-driver.js';
import { PoolDrivers } from '../../pool/pool-drivers.js';
import { hostShell } from '../../process/host-shell.js';
import { run } from '../../process/run.js';
import { volumeTransferVerbs } from './volume-transfer-verbs.js';

const MIB = 2 ** 20;
const SMALL_MIB = 8;
const TICKET = 'x'.repeat(43);
const idle: VerbContext = { signal: new AbortController().signal, progress: () => undefined };

let root: string;
/** A host's half, and its pool. */
interface Host {
  readonly verbs: ReturnType<typeof volumeTransferVerbs>;
  readonly pool: DirectoryPoolSpec;
}
let [source, destination]: Host[] = [];

async function makeHost(name: string): Promise<Host> {
  const stateDir = join(root, name);
  const path = join(root, `${name}-pool`);
  for (const directory of [stateDir, path]) mkdirSync(directory);
  if (name === 'destination') await run('mount', ['-t', 'tmpfs', '-o', `size=${SMALL_MIB}m`, 'tmpfs', path]);
  const pool: DirectoryPoolSpec = { id: randomUUID(), kind: 'directory', path };
  await ensurePool(pool);
  const secrets = { ensure: async () => undefined, ensureGone: async () => undefined };
  const pools = new PoolDrivers({ stateDir, secrets, shell: hostShell() });
  return { verbs: volumeTransferVerbs({ pools, stateDir }), pool };
}

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'dura-transfer-'));
  source = await makeHost('source');
  destination = await makeHost('destination');
});
afterEach(async () => {
  await run('umount', [destination!.pool.path]);
  rmSync(root, { recursive: true, force: true });
});

type OnDirectory = VolumeOn<DirectoryPoolSpec>;
interface Ways {
  readonly volume: OnDirectory;
  readonly target: OnDirectory;
}

/** A volume at the source with so much in it. */
async function written(mib: number): Promise<Ways> {
  const volume = { id: randomUUID(), pool: source!.pool, sizeBytes: 32 * MIB };
  await ensureVolume(volume, idle.signal);
  await run('qemu-io', ['-f', 'qcow2', '-c', `write -P 0x5a 1M ${mib}M`, volumePath(volume)]);
  return { volume, target: { ...volume, pool: destination!.pool } };
}

/** Both halves. @param before called before each connection to the new volume */
async function transfer(
  { volume, target }: Ways,
  before: (connection: number) => Promise<void> = async () => undefined,
) {
  const link = new Link();
  const ticket = { volume: target, sourceHostId: randomUUID(), ticket: TICKET, validForMs: 60_000 };
  const receiving = destination!.verbs.receiveVolume(ticket, { ...idle, admit: link.admit });
  let connections = 0;
  const reach = async (): Promise<RemoteReceiver> => {
    const receiver = await link.reach();
    const openDiskStream = async () => {
      connections += 1;
      await before(connections);
      return receiver.openDiskStream();
    };
    return { ...receiver, openDiskStream };
  };
  const params = { volume, destination: { hostId: randomUUID(), url: 'agent://127.0.0.1:1', ticket: TICKET } };
  const sending = source!.verbs.sendVolume(params, { ...idle, reach });
  return Promise.allSettled([receiving, sending]);
}

const filesAt = (): string[] =>
  readdirSync(destination!.pool.path, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('qcow2'));

it('is all there, and where nothing was written it takes no room', async () => {
  const ways = await written(4);
  expect((await transfer(ways)).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled']);
  const path = volumePath(ways.target);
  expect(await run('qemu-io', ['-f', 'qcow2', '-c', 'read -P 0x5a 1M 4M', path])).not.toContain('failed');
  expect(statSync(path).blocks * 512).toBeLessThan(6 * MIB);
  for (const name of ['source', 'destination']) expect(readdirSync(join(root, name, 'disks'))).toEqual([]);
});

it('is gone when the pool is full, and both sides say why', async () => {
  const ways = await written(SMALL_MIB + 4);
  const [received, sent] = await transfer(ways);
  for (const half of [received, sent])
    expect(half).toMatchObject({
      status: 'rejected',
      reason: { code: 'STEP_REFUSED', message: expect.stringMatching(/No space left/) },
    });
  expect(filesAt()).toEqual([]);
});

it('is gone when it differs from its source: what was copied is compared', async () => {
  const ways = await written(1);
  const path = volumePath(ways.target);
  const [received, sent] = await transfer(ways, async (connection) => {
    if (connection === 2) await run('qemu-io', ['-f', 'qcow2', '-c', 'write -P 0xa5 1M 64k', path]);
  });
  for (const half of [received, sent])
    expect(half).toMatchObject({
      status: 'rejected',
      reason: { code: 'STEP_REFUSED', message: expect.stringContaining('differs from its source') },
    });
  expect(filesAt()).toEqual([]);
});

it('is served by nobody any more when the agent dies', async () => {
  const { target } = await written(1);
  await ensureVolume(target, idle.signal);
  const image = {
    name: volumePath(target),
    format: 'qcow2',
    sizeBytes: 0,
    shared: false,
  };
  const socketPath = join(root, 'served');
  const built = (path: string) => pathToFileURL(new URL(`../../../dist/${path}`, import.meta.url).pathname).href;
  const script = `
    const { NbdServers } = await import(${JSON.stringify(built('libvirt/volume-transfer/nbd-servers.js'))});
    const { hostShell } = await import(${JSON.stringify(built('process/host-shell.js'))});
    const served = ${JSON.stringify({ image, socketPath })};
    await new NbdServers({ ...served, shell: hostShell() }).connect();
    console.log('serves');`;
  const agent = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise((resolve) => agent.stdout.once('data', resolve));
  expect(serversOf(socketPath)).not.toEqual([]);
  agent.kill('SIGKILL');
  await expect.poll(() => serversOf(socketPath), { timeout: 15_000 }).toEqual([]);
});

/** Processes that name the socket on their command line. */
function serversOf(socketPath: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    const file = `/proc/${pid}/cmdline`;
    if (!/^\d+$/.test(pid) || !existsSync(file)) return false;
    try {
      return readFileSync(file, 'utf8').split('\0').includes(socketPath);
    } catch {
      // It ended in this very moment.
      return false;
    }
  });
}

/**
 * Deploys on this machine's own libvirt, as `dura up` sets it up, each beside a plain define and start of the very
 * domain that it made, on the same libvirtd.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ApiClient, type ApiAccess } from '@durastack/cli/api/api-client';
import { describeHome } from '@durastack/cli/instance/home';
import { mariadbUrl } from '@durastack/cli/parts/mariadb';
import { invariant } from '@durastack/contracts/errors';
import { privateLibvirtSocket } from '@durastack/drivers/libvirt/private-libvirtd';
import { LibvirtClient } from '@durastack/drivers/libvirt/rpc/client';
import { connectDatabase } from '@durastack/store/database/data-source';
import { autocommit, type Tx } from '@durastack/store/database/transaction';
import { eventually, itemsOf } from '../support/basis.js';
import { onInterruption } from '../support/interruption.js';
import { untilDone } from './bench-cloud.js';

const DURA = resolve(fileURLToPath(new URL('../../../apps/cli/dist/main.js', import.meta.url)));
const MAX_OUTPUT = 2 ** 24;
const run = promisify(execFile);

/** One machine, made by the cloud and then by libvirt alone, in milliseconds. */
export interface Pair {
  readonly deployMs: number;
  readonly plainMs: number;
}

/** Measures pairs on an instance of their own, which is destroyed afterwards. Needs root. */
export async function measureOnLibvirt(count: number): Promise<Pair[]> {
  // Short: the machines' sockets lie below it.
  const directory = mkdtempSync(join(tmpdir(), 'dura-bn-'));
  const command = (...args: string[]) =>
    run(process.execPath, [DURA, ...args], {
      env: { ...process.env, DURASTACK_HOME: directory },
      maxBuffer: MAX_OUTPUT,
    });
  const end = async (): Promise<void> => {
    forget();
    await command('destroy', '--yes');
    rmSync(directory, { recursive: true, force: true });
  };
  const forget = onInterruption(end);
  try {
    await command('up');
    return await measure(directory, count);
  } finally {
    await end();
  }
}

async function measure(directory: string, count: number): Promise<Pair[]> {
  const home = describeHome(directory);
  const api = new ApiClient(JSON.parse(readFileSync(home.adminFile, 'utf8')) as ApiAccess);
  const source = await connectDatabase({ url: mariadbUrl(home.mariadb), poolSize: 2 });
  const client = new LibvirtClient({ socketPath: privateLibvirtSocket(home.libvirt) });
  try {
    const [first] = itemsOf(await api.call('listVirtualMachines', { name: 'hello' }));
    invariant(first, 'dura up has made no first machine.');
    const params = {
      zoneid: String(first['zoneid']),
      templateid: String(first['templateid']),
      serviceofferingid: String(first['serviceofferingid']),
    };
    await api.callAndWait('destroyVirtualMachine', { id: first.id, expunge: 'true' });
    const scene = { api, client, db: autocommit(source), params };
    // The first of its kind pays for caches and connections.
    await measurePair(scene);
    const pairs: Pair[] = [];
    while (pairs.length < count) pairs.push(await measurePair(scene));
    return pairs;
  } finally {
    client.close();
    await source.destroy();
  }
}

interface Scene {
  readonly api: ApiClient;
  readonly client: LibvirtClient;
  readonly db: Tx;
  readonly params: Readonly<Record<string, string>>;
}

/** The guest is cut off as soon as it was measured: one that boots would take the processor from the next. */
async function measurePair({ api, client, db, params }: Scene): Promise<Pair> {
  const began = performance.now();
  const { id, jobid } = await api.call('deployVirtualMachine', params);
  await untilDone(db, String(jobid));
  const deployMs = performance.now() - began;
  const domain = await client.domainByUuid(String(id));
  invariant(domain, `The machine ${String(id)} was deployed, but libvirt has no such domain.`);
  const xml = await client.inactiveXml(domain);
  await client.destroyDomain(domain);
  await eventually('the cloud has seen that the guest is off', async () => {
    const [row] = await db.query<{ state: string }>('SELECT state FROM virtual_machine WHERE id = ?', [id]);
    return row?.state === 'Stopped';
  });
  await client.undefineDomain(domain);
  await sleep(500);
  const plainBegan = performance.now();
  const started = await client.createDomain(await client.defineDomain(xml));
  const plainMs = performance.now() - plainBegan;
  await client.destroyDomain(started);
  await sleep(500);
  await api.callAndWait('destroyVirtualMachine', { id: String(id), expunge: 'true' });
  return { deployMs, plainMs };
}

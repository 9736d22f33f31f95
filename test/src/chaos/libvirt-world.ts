/** A cloud as `dura up` makes it, in a directory of its own, with real guests on this machine's libvirt. */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { ApiClient, type ApiAccess } from '@durastack/cli/api/api-client';
import { CHECKOUT, describeHome, type Home } from '@durastack/cli/instance/home';
import { InstanceFile } from '@durastack/cli/instance/instance-file';
import { isRunning } from '@durastack/cli/instance/processes';
import { mariadbUrl } from '@durastack/cli/parts/mariadb';
import { DurastackError, invariant } from '@durastack/contracts/errors';
import type { SimulatedEffect } from '@durastack/drivers/simulator/effect-log';
import { connectDatabase } from '@durastack/store/database/data-source';
import { autocommit } from '@durastack/store/database/transaction';
import type { DataSource } from 'typeorm';
import { itemsOf } from '../support/basis.js';
import { connectAgents } from './agents.js';
import type { PartName } from './plan.js';
import type { ChaosWorld, Part } from './world.js';

const run = promisify(execFile);
const DURA = join(CHECKOUT, 'apps/cli/dist/main.js');
const PARTS = ['api', 'worker', 'agent', 'temporal', 'mariadb', 'libvirtd'] as const;
const GONE_POLL_MS = 20;

/** Starts one. */
export async function startLibvirtWorld(progress: (line: string) => void): Promise<ChaosWorld> {
  // Short: the machines' sockets lie below it.
  const directory = mkdtempSync(join(tmpdir(), 'dura-chaos-'));
  const dura = (...words: string[]) =>
    run(process.execPath, [DURA, ...words], {
      env: { ...process.env, DURASTACK_HOME: directory },
      maxBuffer: 2 ** 24,
    });
  const destroy = async (): Promise<void> => void (await dura('destroy', '--yes'));
  try {
    await dura('up', '--no-vm');
    progress('the cloud is up');
    const home = describeHome(directory);
    const source = await connectDatabase({ url: mariadbUrl(home.mariadb), poolSize: 4 });
    const agents = await connectAgents(source, home.dataKeyFile);
    const access = JSON.parse(readFileSync(home.adminFile, 'utf8')) as ApiAccess;
    const admin = new ApiClient(access);
    return {
      apiUrl: new URL(access.url).origin,
      admin,
      source,
      agents,
      temporalAddress: `127.0.0.1:${InstanceFile.open(home).port('temporal')}`,
      parts: new Map(PARTS.map((name) => [name as PartName, partOf(name, home, () => dura('up', '--no-vm'))])),
      oneFaultAtATime: true,
      machine: await machineOf(admin),
      effects: () => readStarts(home, source),
      stop: async () => {
        await agents.close();
        await source.destroy();
        await destroy();
      },
    };
  } catch (error) {
    await destroy();
    throw error;
  }
}

function partOf(name: (typeof PARTS)[number], home: Home, up: () => Promise<unknown>): Part {
  const record = () => {
    const found = InstanceFile.open(home).process(name);
    return isRunning(found) ? found : undefined;
  };
  const signal = async (what: NodeJS.Signals): Promise<void> => {
    const found = record();
    if (found !== undefined) process.kill(found.pid, what);
  };
  return {
    alive: async () => record() !== undefined,
    async kill() {
      await signal('SIGKILL');
      while (record() !== undefined) await sleep(GONE_POLL_MS);
    },
    async start() {
      // It starts whatever is not running; several at once wait for each other.
      await up();
      if (record() === undefined) throw new DurastackError('ENVIRONMENT', `${name} does not run after "dura up".`);
    },
    pause: () => signal('SIGSTOP'),
    resume: () => signal('SIGCONT'),
    log() {
      const file = join(home.logs, `${name}.log`);
      return existsSync(file) ? readFileSync(file, 'utf8').slice(-4_000) : '';
    },
  };
}

async function machineOf(admin: ApiClient): Promise<ChaosWorld['machine']> {
  const first = async (command: string, params: Record<string, string> = {}) => {
    const [item] = itemsOf(await admin.call(command, params));
    invariant(item, `${command} shows nothing.`);
    return item.id;
  };
  return {
    zoneId: await first('listZones'),
    templateId: await first('listTemplates', { templatefilter: 'all' }),
    serviceOfferingId: await first('listServiceOfferings', { name: 'Tiny Instance' }),
    networkId: await first('listNetworks', { listall: 'true' }),
  };
}

/** Every start of QEMU, from the logs that libvirt keeps of machines that still exist. */
async function* readStarts(home: Home, source: DataSource): AsyncIterable<SimulatedEffect> {
  const rows = await autocommit(source).query<{ id: string; instanceName: string; hostId: string | null }>(
    'SELECT id, instance_name AS instanceName, COALESCE(host_id, last_host_id) AS hostId FROM virtual_machine',
  );
  const byName = new Map(rows.map((row) => [row.instanceName, row]));
  const logs = join(home.libvirt, 'log/qemu');
  const starts: SimulatedEffect[] = [];
  for (const file of existsSync(logs) ? readdirSync(logs) : []) {
    const machine = byName.get(basename(file, '.log'));
    if (machine === undefined) continue;
    const text = readFileSync(join(logs, file), 'utf8');
    for (const [, day, time] of text.matchAll(/^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d\.\d{3})\+0000: starting up /gm)) {
      const at = Date.parse(`${day}T${time}Z`);
      starts.push({ at, hostId: machine.hostId ?? '', kind: 'vm-running', id: machine.id });
    }
  }
  yield* starts.sort((a, b) => a.at - b.at);
}

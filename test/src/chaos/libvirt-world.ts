/** A cloud as `dura up` makes it, in a directory of its own, with real guests on this machine's libvirt. */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { ApiClient, type ApiAccess } from '@durastack/cli/api/api-client';
import { CHECKOUT, describeHome, type Home } from '@durastack/cli/instance/home';
import { InstanceFile } from '@durastack/cli/instance/instance-file';
import { mariadbUrl } from '@durastack/cli/parts/mariadb';
import { invariant } from '@durastack/contracts/errors';
import { connectDatabase } from '@durastack/store/database/data-source';
import { itemsOf } from '../support/basis.js';
import { connectAgents } from './agents.js';
import { instancePart } from './instance-part.js';
import type { PartName } from './plan.js';
import { readStarts, type QemuLog } from './qemu-starts.js';
import type { ChaosWorld } from './world.js';

const run = promisify(execFile);
const DURA = join(CHECKOUT, 'apps/cli/dist/main.js');
const PARTS = ['api', 'worker', 'agent', 'temporal', 'mariadb', 'libvirtd'] as const;

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
      adminKeys: access,
      source,
      agents,
      temporalAddress: `127.0.0.1:${InstanceFile.open(home).port('temporal')}`,
      parts: new Map(PARTS.map((name) => [name as PartName, instancePart(name, home, () => dura('up', '--no-vm'))])),
      // Starting one part looks after all of them.
      lanesOf: () => ['all'],
      machine: await machineOf(admin),
      effects: () => readStarts(source, readLogs(home), 0),
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

function readLogs(home: Home): QemuLog[] {
  const folder = join(home.libvirt, 'log/qemu');
  const files = existsSync(folder) ? readdirSync(folder) : [];
  return files.map((file) => ({ machine: basename(file, '.log'), text: readFileSync(join(folder, file), 'utf8') }));
}

/** A lab: three real hosts that lose their power too, under HA, with guests that count on their disks. */
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadAdminAccess } from '@durastack/cli/api/admin-access';
import { SHARED_CACHE, type Home } from '@durastack/cli/instance/home';
import { InstanceFile } from '@durastack/cli/instance/instance-file';
import { InstanceStart } from '@durastack/cli/instance/start';
import { withHomeLock } from '@durastack/cli/instance/with-lock';
import { askControl } from '@durastack/cli/lab/host/control';
import { HOST_PLACES } from '@durastack/cli/lab/host/host-spec';
import { initPid, pathInHost, powerOff, powerOn } from '@durastack/cli/lab/host/power';
import type { LabHost } from '@durastack/cli/lab/lab-file';
import { mariadbUrl } from '@durastack/cli/parts/mariadb';
import { ensureTemporalBinary } from '@durastack/cli/parts/temporal-binary';
import { Steps } from '@durastack/cli/system/steps';
import { DurastackError } from '@durastack/contracts/errors';
import { connectDatabase } from '@durastack/store/database/data-source';
import { counterUserData } from '../lab/counter-guest.js';
import { disableHa, enableHa } from '../lab/ha-hosts.js';
import { dura, useLab, type LabFixture } from '../lab/use-lab.js';
import { itemsOf } from '../support/basis.js';
import { connectAgents } from './agents.js';
import { instancePart } from './instance-part.js';
import { lookAtGuests } from './lab-guests.js';
import type { PartName } from './plan.js';
import { readStarts, type QemuLog } from './qemu-starts.js';
import type { ChaosWorld, Part } from './world.js';

const CONTROL_PLANE = ['api', 'worker', 'temporal', 'mariadb'] as const;
const SERVICES = { agent: 'durastack-agent.service', libvirtd: 'libvirtd.service' } as const;
const QEMU_LOGS = '/var/log/libvirt/qemu';
const ACTIVE_WITHIN_MS = 60_000;
const POLL_MS = 100;
/** Somebody who switches a fenced host on does so after a look at it. */
const LOOK_AT_FENCED_MS = 5_000;

/** Makes one, and takes it down at the end; the one in TEST_LAB_HOME is kept. */
export async function startLabWorld(progress: (line: string) => void): Promise<ChaosWorld> {
  const kept = process.env['TEST_LAB_HOME'];
  const directory = kept ?? mkdtempSync(join(tmpdir(), 'dura-chaos-'));
  const down = async () => void (kept === undefined && (await dura(directory, ['lab', 'down'])));
  process.env['TEST_LAB_HOME'] = directory;
  try {
    const lab = await useLab({ ceph: true });
    progress('the lab is up');
    const world = await labWorld(lab);
    return {
      ...world,
      stop: async () => {
        await world.stop().finally(down);
      },
    };
  } catch (error) {
    await down();
    throw error;
  }
}

/** On a lab that somebody has. Its end is the end of the turn. */
export async function labWorld(lab: LabFixture): Promise<ChaosWorld> {
  const since = Date.now();
  const { home } = lab.lab;
  await enableHa(lab);
  const { url, ...adminKeys } = loadAdminAccess(home);
  const source = await connectDatabase({ url: mariadbUrl(home.mariadb), poolSize: 4 });
  const agents = await connectAgents(source, home.dataKeyFile);
  const first = async (command: string, params: Record<string, string> = {}) =>
    String(itemsOf(await lab.admin.call(command, params))[0]?.id);
  const pools = itemsOf(await lab.admin.call('listStoragePools'));
  const pool = (name: string) => String(pools.find((row) => row['name'] === name)?.id);
  const disks = itemsOf(await lab.admin.call('listDiskOfferings')).filter((row) => row['iscustomized'] === true);
  return {
    apiUrl: new URL(url).origin,
    adminKeys,
    source,
    agents,
    temporalAddress: `127.0.0.1:${InstanceFile.open(home).port('temporal')}`,
    parts: partsOf(lab),
    lanesOf,
    machine: {
      zoneId: await first('listZones'),
      templateId: await first('listTemplates', { templatefilter: 'all' }),
      serviceOfferingId: await lab.offering('lab-chaos', { offerha: 'true' }),
      networkId: await first('listNetworks', { listall: 'true' }),
      userData: counterUserData(),
    },
    moves: {
      hostIds: lab.hosts.map((host) => lab.hostId(host)),
      poolIds: [pool('shared'), pool('ceph')],
      diskOfferingId: String(disks[0]?.id),
    },
    effects: async () => readStarts(source, await readLogs(lab), since),
    lookAtGuests: (accountIds) => lookAtGuests(lab, source, accountIds),
    async stop() {
      await agents.close();
      await source.destroy();
      await disableHa(lab);
      await lab.release();
    },
  };
}

/** One host at a time is without power: with two of three gone nobody could say whether the third one lives. */
function lanesOf(part: PartName): string[] {
  const host = /-(\d)$/.exec(part)?.[1];
  if (host === undefined) return ['control plane'];
  return part.startsWith('host-') ? ['power', `host ${host}`] : [`host ${host}`];
}

function partsOf(lab: LabFixture): Map<PartName, Part> {
  const { home, hosts } = lab.lab;
  const up = () => startControlPlane(home);
  return new Map<PartName, Part>([
    ...CONTROL_PLANE.map((name): [PartName, Part] => [name, instancePart(name, home, up)]),
    ...hosts.flatMap((host): [PartName, Part][] => [
      [`agent-${host.index}`, servicePart(host, 'agent')],
      [`libvirtd-${host.index}`, servicePart(host, 'libvirtd')],
      [`host-${host.index}`, hostPart(host)],
    ]),
  ]);
}

async function startControlPlane(home: Home): Promise<void> {
  const { path } = await ensureTemporalBinary(SHARED_CACHE);
  await withHomeLock(home, async () => {
    const quiet = new Steps({ write: () => undefined });
    const start = new InstanceStart(InstanceFile.open(home), quiet, { ports: {}, temporalBinary: path });
    try {
      await start.run();
    } catch (error) {
      await start.undo();
      throw error;
    }
  });
}

/** Killed, it is started again by its host's service manager. While the host is off there is nothing to strike. */
function servicePart(host: LabHost, name: keyof typeof SERVICES): Part {
  const systemctl = async (...words: string[]) => {
    // Off, or on its way up: its services are about to be started.
    if (initPid(host.directory) === undefined || !existsSync(pathInHost(host.directory, HOST_PLACES.ready)))
      return undefined;
    const socket = pathInHost(host.directory, HOST_PLACES.controlSocket);
    return askControl(socket, { program: 'systemctl', words: [...words, SERVICES[name]] });
  };
  // A host that is being switched off or on does not answer.
  const isDown = async () => ((await systemctl('is-active', '-q').catch(() => undefined))?.code ?? 0) !== 0;
  const signal = async (what: string) => void (await systemctl('kill', `--signal=${what}`).catch(() => undefined));
  return {
    alive: async () => !(await isDown()),
    kill: () => signal('SIGKILL'),
    async start() {
      const until = performance.now() + ACTIVE_WITHIN_MS;
      while (await isDown()) {
        if (performance.now() > until)
          throw new DurastackError('ENVIRONMENT', `${name} of ${host.plan.name} does not come back.`);
        await sleep(POLL_MS);
      }
    },
    pause: () => signal('SIGSTOP'),
    resume: () => signal('SIGCONT'),
    log: () => `see ${host.directory}/console.log`,
  };
}

function hostPart(host: LabHost): Part {
  const cannot = async (): Promise<void> => {
    throw new DurastackError('BUG', 'A host cannot be paused.');
  };
  let wasCut = false;
  return {
    isFenceable: true,
    alive: async () => initPid(host.directory) !== undefined,
    async kill() {
      wasCut = true;
      await powerOff(host);
    },
    async start() {
      if (!wasCut) await sleep(LOOK_AT_FENCED_MS);
      wasCut = false;
      await powerOn(host);
    },
    pause: cannot,
    resume: cannot,
    log: () => `see ${host.directory}/console.log`,
  };
}

async function readLogs(lab: LabFixture): Promise<QemuLog[]> {
  const script = `cd ${QEMU_LOGS} && for log in *.log; do echo "== $log"; cat "$log"; done`;
  const texts = await Promise.all(lab.hosts.map(async (host) => (await lab.exec(host, ['sh', '-c', script])).stdout));
  return texts.flatMap((text) =>
    text
      .split(/^== (?=.*\.log$)/m)
      .slice(1)
      .map((log) => ({ machine: log.slice(0, log.indexOf('.log\n')), text: log.slice(log.indexOf('\n') + 1) })),
  );
}

/** The services that every lab host has from its first start, as a prepared hypervisor has them. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { run, runOrFail } from '../../system/run.js';
import { UNDERLAY_MTU } from '../lab-plan.js';
import { SETTINGS } from './configuration.js';
import { FUSE_SOURCE } from './file-systems.js';
import { HOST_PLACES, type HostSpec } from './host-spec.js';
import type { ServicePlan } from './service.js';

const RESTART_MS = 1_000;
const STOP_MS = 5_000;
const OVS_SOCKET = '/run/openvswitch/db.sock';
/** The userspace switch resolves tunnels only over an address on a bridge of its own. */
const UNDERLAY_BRIDGE = 'br-phy';
const TRIES = 1_000;
const TRY_MS = 20;

/** Plans in the order in which they are started. */
export function builtInServices(spec: HostSpec): ServicePlan[] {
  return [
    service('ovsdb-server.service', [
      '/usr/sbin/ovsdb-server',
      SETTINGS.ovsDatabase,
      `--remote=punix:${OVS_SOCKET}`,
      '--pidfile',
      '--verbose=file:off',
    ]),
    {
      ...service('ovs-vswitchd.service', [
        '/usr/sbin/ovs-vswitchd',
        `unix:${OVS_SOCKET}`,
        '--pidfile',
        '--verbose=file:off',
      ]),
      afterStart: () => connectUnderlay(spec),
    },
    service('lab-storage.service', ['/usr/bin/bindfs', '-f', '--multithreaded', FUSE_SOURCE, HOST_PLACES.fuse]),
    service('ssh.service', ['/usr/sbin/sshd', '-D', '-e', '-f', SETTINGS.sshd]),
    service('libvirtd.service', ['/usr/sbin/libvirtd']),
  ];
}

/** Makes the switch's database where the host's disk has none. */
export async function ensureSwitchDatabase(): Promise<void> {
  if (existsSync(SETTINGS.ovsDatabase)) return;
  const schema = '/usr/share/openvswitch/vswitch.ovsschema';
  await runOrFail("Making the switch's database", 'ovsdb-tool', ['create', SETTINGS.ovsDatabase, schema]);
}

/** The underlay's address moves from the cable to the bridge that holds it; the bridge is new with each start. */
async function connectUnderlay({ underlay, name }: HostSpec): Promise<void> {
  const mtu = `mtu_request=${UNDERLAY_MTU}`;
  await ovs('init');
  await ovs(
    ...['--', 'set', 'Open_vSwitch', '.', `external_ids:hostname=${name}`, `external_ids:system-id=${name}`],
    ...['--', '--may-exist', 'add-br', UNDERLAY_BRIDGE, '--', 'set', 'bridge', UNDERLAY_BRIDGE],
    ...['datapath_type=netdev', '--', '--may-exist', 'add-port', UNDERLAY_BRIDGE, underlay.device],
    ...['--', 'set', 'interface', UNDERLAY_BRIDGE, mtu, '--', 'set', 'interface', underlay.device, mtu],
  );
  // A switch that finds its bridges in the database makes them in its own time: nobody has asked it for anything.
  await untilThere(`/sys/class/net/${UNDERLAY_BRIDGE}`);
  const purpose = 'Connecting the underlay';
  await runOrFail(purpose, 'ip', ['address', 'replace', `${underlay.address}/24`, 'dev', UNDERLAY_BRIDGE]);
  await runOrFail(purpose, 'ip', ['link', 'set', 'dev', UNDERLAY_BRIDGE, 'up']);
}

async function ovs(...args: string[]): Promise<void> {
  await untilThere(OVS_SOCKET);
  await runOrFail('Setting up Open vSwitch', 'ovs-vsctl', ['--timeout=10', ...args]);
}

/** Gives up silently: whoever needs it then says what is missing. */
async function untilThere(path: string): Promise<void> {
  for (let attempt = 0; attempt < TRIES && !existsSync(path); attempt += 1) await sleep(TRY_MS);
}

/** Whether the services that others wait for answer. */
export async function servicesAnswer({ underlay }: HostSpec): Promise<boolean> {
  const [addresses, libvirt] = await Promise.all([
    run('ip', ['address', 'show', 'dev', UNDERLAY_BRIDGE]),
    run('virsh', ['-q', '-c', 'qemu:///system', 'uri'], { timeoutMs: 5_000 }),
  ]);
  return libvirt.code === 0 && addresses.stdout.includes(` ${underlay.address}/`);
}

function service(name: string, command: [string, ...string[]]): ServicePlan {
  return {
    name,
    command,
    restartDelayMs: RESTART_MS,
    stopTimeoutMs: STOP_MS,
    logFile: join(HOST_PLACES.logs, `${name}.log`),
  };
}

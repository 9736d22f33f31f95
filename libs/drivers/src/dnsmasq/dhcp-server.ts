/**
 * DHCP for one network by a dnsmasq of its own: answers known MACs with their addresses, and nobody else. It answers DNS
 * questions too when the gateway address is the network's name server.
 *
 * It outlives the agent, is found again by its pid file and command line, and is started again when it is gone.
 */
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { NetworkSpec } from '@durastack/contracts/agent/specs';
import { servesDns } from '../network/dns.js';
import { ipv4, ipv4Cidr } from '../network/ipv4.js';
import type { Port } from '../network/port.js';
import { endProcess, findByPidFile } from '../process/detached.js';
import type { HostShell } from '../process/host-shell.js';

/** A network's DHCP server as it should be. */
export interface DhcpServerSpec {
  readonly network: NetworkSpec;
  /** The device it answers on; carries an address. */
  readonly device: string;
  /** The ports it knows. */
  readonly ports: readonly Port[];
}

const LEASE_HOURS = 12;

/** The DHCP servers of one instance on one host; one directory per network below `dir`. */
export class DhcpServers {
  readonly #shell: HostShell;
  readonly #dir: string;

  constructor(shell: HostShell, dir: string) {
    this.#shell = shell;
    this.#dir = dir;
  }

  /** The server runs with these settings and knows these ports. */
  async ensure(spec: DhcpServerSpec): Promise<void> {
    const files = this.#files(spec.network.id);
    await mkdir(files.dir, { recursive: true, mode: 0o711 });
    const args = serverArgs(spec, files);
    const isSameConfig = (await readText(files.args)) === args.join('\n');
    const isSameHosts = await writeIfChanged(files.hosts, hostsFile(spec.ports));
    const pid = await findByPidFile(files.pid, files.pid);
    const isAddressTaken = await hasForeignLease(files.leases, spec.ports);
    if (pid !== undefined && isSameConfig && !isAddressTaken) {
      // SIGHUP makes it read the hosts file again.
      if (!isSameHosts) process.kill(pid, 'SIGHUP');
      return;
    }
    if (pid !== undefined) await endProcess(pid, files.pid);
    if (isAddressTaken) await dropForeignLeases(files.leases, spec.ports);
    await this.#shell.run('dnsmasq', ['--test', ...args]);
    await this.#shell.run('dnsmasq', args);
    await writeFile(files.args, args.join('\n'));
  }

  /** The server and its files are gone. */
  async remove(networkId: string): Promise<void> {
    const files = this.#files(networkId);
    const pid = await findByPidFile(files.pid, files.pid);
    if (pid !== undefined) await endProcess(pid, files.pid);
    await rm(files.dir, { recursive: true, force: true });
  }

  /** The server's pid, if it runs. */
  async pid(networkId: string): Promise<number | undefined> {
    const files = this.#files(networkId);
    return findByPidFile(files.pid, files.pid);
  }

  #files(networkId: string): ServerFiles {
    const dir = join(this.#dir, networkId);
    const file = (name: string): string => join(dir, name);
    return {
      dir,
      pid: file('dnsmasq.pid'),
      hosts: file('dhcp-hosts'),
      leases: file('leases'),
      log: file('dnsmasq.log'),
      args: file('args'),
    };
  }
}

interface ServerFiles {
  readonly dir: string;
  readonly pid: string;
  readonly hosts: string;
  readonly leases: string;
  readonly log: string;
  readonly args: string;
}

function serverArgs(spec: DhcpServerSpec, files: ServerFiles): string[] {
  const { network, device } = spec;
  const { network: first, netmask } = ipv4Cidr(network.cidr);
  const args = [
    '--conf-file=/dev/null',
    '--user=root',
    ...dnsArgs(network),
    '--bind-dynamic',
    `--interface=${device}`,
    '--except-interface=lo',
    '--no-ping',
    '--quiet-dhcp',
    '--dhcp-no-override',
    '--dhcp-ignore=tag:!known',
    `--dhcp-range=${first},static,${netmask},${LEASE_HOURS}h`,
    `--dhcp-hostsfile=${files.hosts}`,
    `--dhcp-leasefile=${files.leases}`,
    `--pid-file=${files.pid}`,
    `--log-facility=${files.log}`,
    `--dhcp-option=option:router,${ipv4(network.gateway)}`,
    `--dhcp-option=option:mtu,${network.mtu}`,
  ];
  // Alone on its network it may say no to wrong addresses; beside other hosts' servers it only knows its own guests.
  if (network.gatewayOnHost) args.push('--dhcp-authoritative');
  else args.push(`--shared-network=${device},${first}`);
  if (network.dns.length > 0) args.push(`--dhcp-option=option:dns-server,${network.dns.map(ipv4).join(',')}`);
  return args;
}

/** Forwards to the host's own servers, and answers nothing from the host's files. */
function dnsArgs(network: NetworkSpec): string[] {
  if (!servesDns(network)) return ['--port=0'];
  return ['--port=53', '--no-hosts', '--domain-needed', '--bogus-priv'];
}

function hostsFile(ports: readonly Port[]): string {
  const lines = ports.map((port) => `${port.mac},${ipv4(port.ip)}`);
  return lines
    .sort()
    .map((line) => `${line}\n`)
    .join('');
}

/** @returns whether the file had this content already */
async function writeIfChanged(path: string, content: string): Promise<boolean> {
  if ((await readText(path)) === content) return true;
  await writeFile(`${path}.part`, content, { mode: 0o644 });
  await rename(`${path}.part`, path);
  return false;
}

/** Lease lines are `expiry mac ip name client-id`. */
function isForeignLease(line: string, macOf: ReadonlyMap<string, string>): boolean {
  const [, mac, ip = ''] = line.split(' ');
  const owner = macOf.get(ip);
  return owner !== undefined && owner !== mac;
}

/** Whether an address of these ports is still leased to another MAC: dnsmasq would withhold it until that expires. */
async function hasForeignLease(leases: string, ports: readonly Port[]): Promise<boolean> {
  const macOf = new Map(ports.map((port) => [port.ip, port.mac]));
  return ((await readText(leases)) ?? '').split('\n').some((line) => isForeignLease(line, macOf));
}

async function dropForeignLeases(leases: string, ports: readonly Port[]): Promise<void> {
  const macOf = new Map(ports.map((port) => [port.ip, port.mac]));
  const lines = ((await readText(leases)) ?? '').split('\n').filter((line) => !isForeignLease(line, macOf));
  await writeFile(leases, lines.join('\n'));
}

async function readText(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
}

/** What an instance leaves on the machine outside its directory: QEMU and dnsmasq processes, bridges, nft tables. */
import { basename } from 'node:path';
import { z } from 'zod';
import { tableName } from '@durastack/drivers/nftables/table';
import { processIds, readOfProcess } from '../system/proc.js';
import { run, runOrFail } from '../system/run.js';
import type { Home } from './home.js';
import { recordOf, startTimeOf, stopProcess } from './processes.js';

const GUEST_PROGRAM = /^qemu-system-/;
const NETWORK_PROGRAM = /^dnsmasq$/;

/** Ends the QEMU processes of the instance's machines at once, as a power failure would. @returns how many */
export function endMachines(home: Home): Promise<number> {
  return endProcesses(home, GUEST_PROGRAM);
}

/** Ends the DHCP services, removes bridges and packet filter tables of the instance. @returns names of the devices */
export async function removeNetworks(home: Home): Promise<string[]> {
  await endProcesses(home, NETWORK_PROGRAM);
  const switches = await switchesOf(home.name);
  for (const name of switches) await runOrFail(`Removing ${name}`, 'ovs-vsctl', ['--timeout=5', 'del-br', name]);
  const devices = await linksOf(home.name);
  for (const name of devices) await runOrFail(`Removing ${name}`, 'ip', ['link', 'delete', name]);
  for (const { family, name } of await tablesOf(home.name)) {
    await runOrFail(`Removing the packet filter table ${name}`, 'nft', ['delete', 'table', family, name]);
  }
  return [...switches, ...devices];
}

/** The program says what it is, and a path in the instance's directory in its arguments says whose it is. */
async function endProcesses(home: Home, program: RegExp): Promise<number> {
  const pids = processIds().filter((pid) => isOurs(pid, home, program));
  await Promise.all(
    pids.map(async (pid) => {
      if (startTimeOf(pid) !== undefined) await stopProcess(recordOf('libvirtd', pid), 3_000);
    }),
  );
  return pids.length;
}

function isOurs(pid: number, home: Home, program: RegExp): boolean {
  const words = (readOfProcess(pid, 'cmdline') ?? '').split('\0');
  const mentions = [home.root, home.work].map((path) => `${path}/`);
  return program.test(basename(words[0] ?? '')) && words.some((word) => mentions.some((path) => word.includes(path)));
}

async function linksOf(name: string): Promise<string[]> {
  const output = await runOrFail('Reading the network devices', 'ip', ['-json', 'link', 'show']);
  const links = z.array(z.object({ ifname: z.string() })).parse(JSON.parse(output));
  return links.map((link) => link.ifname).filter((link) => link.startsWith(`${name}-`));
}

async function tablesOf(instance: string): Promise<{ family: string; name: string }[]> {
  const { code, stdout } = await run('nft', ['--json', 'list', 'tables']);
  if (code !== 0) return [];
  const listing = z
    .object({ nftables: z.array(z.object({ table: z.object({ family: z.string(), name: z.string() }).optional() })) })
    .parse(JSON.parse(stdout));
  return listing.nftables.flatMap(({ table }) => (table?.name === tableName(instance) ? [table] : []));
}

/** Bridges of Open vSwitch, where it is installed and runs. */
async function switchesOf(instance: string): Promise<string[]> {
  const { code, stdout } = await run('ovs-vsctl', ['--timeout=5', 'list-br']);
  return code === 0 ? stdout.split('\n').filter((bridge) => bridge.startsWith(`${instance}-`)) : [];
}

/** What a lab's hosts are doing. */
import { bmcRuns } from './bmc/bmc.js';
import { bmcFiles } from './bmc/bmc-settings.js';
import { readFaults, type Fault } from './host/fault-file.js';
import { initPid, readPower } from './host/power.js';
import { runInHost } from './exec.js';
import type { Lab, LabHost } from './lab-file.js';

/** A host as `lab status` shows it. */
export interface HostStatus {
  readonly name: string;
  readonly address: string;
  readonly power: 'on' | 'off' | 'crashed';
  readonly bootId: string;
  /** Services by name, as the host's own service manager says; empty while it is off. */
  readonly services: Readonly<Record<string, string>>;
  /** Injected and not yet healed. */
  readonly faults: readonly Fault[];
  readonly bmc: { readonly url: string; readonly running: boolean; readonly credentials: string };
}

/** What `lab status --json` prints. */
export interface LabStatus {
  readonly home: string;
  readonly hosts: readonly HostStatus[];
}

/** Looks at every host. */
export async function readLabStatus(lab: Lab): Promise<LabStatus> {
  return { home: lab.home.root, hosts: await Promise.all(lab.hosts.map((host) => hostStatus(lab, host))) };
}

async function hostStatus(lab: Lab, host: LabHost): Promise<HostStatus> {
  const { power, bootId } = readPower(host.directory);
  const runs = initPid(host.directory) !== undefined;
  return {
    name: host.plan.name,
    address: host.plan.cables.management.address,
    power: power === 'on' && !runs ? 'crashed' : power,
    bootId,
    services: runs ? await services(host) : {},
    faults: readFaults(host.directory),
    bmc: {
      url: `https://${host.plan.bmcAddress}`,
      running: bmcRuns(lab, host),
      credentials: bmcFiles(host.directory).settings,
    },
  };
}

async function services(host: LabHost): Promise<Record<string, string>> {
  const { stdout } = await runInHost(host, ['/usr/local/sbin/systemctl', 'list-units'], { timeoutMs: 10_000 });
  const lines = stdout.split('\n').filter((line) => line !== '');
  return Object.fromEntries(lines.map((line) => [line.split(' ')[0] ?? '', line.split(' ')[1] ?? '']));
}

/** For people. */
export function renderLabStatus({ home, hosts }: LabStatus): string[] {
  return [
    `Lab in ${home}`,
    ...hosts.flatMap(({ name, address, power, services: known, faults, bmc }) => {
      const bad = Object.entries(known).filter(([, state]) => state !== 'active');
      const words = [
        power,
        ...(faults.length === 0 ? [] : [`faults: ${faults.join(', ')}`]),
        ...bad.map(([service, state]) => `${service} ${state}`),
      ];
      return [
        `  ${name.padEnd(8)} ${address.padEnd(15)} ${words.join('; ')}`,
        `           controller ${bmc.url} (Redfish, IPMI)${bmc.running ? '' : ' does not run'}, login in ${bmc.credentials}`,
      ];
    }),
  ];
}

/**
 * The lab for specs: ONE lab of three hosts for all lab specs of a run, made by the first that asks for it and taken
 * down when the run ends (support/global-setup.ts). One spec file has it at a time; others wait.
 *
 * ```ts
 * let lab: LabFixture;
 * beforeAll(async () => { lab = await useLab(); }, LAB_TIMEOUT_MS);
 * afterAll(() => lab.release(), LAB_TIMEOUT_MS);      // heals every host, removes all machines; fails on a violation
 *
 * const vm = await lab.deployCounterVm({ host: 'host-1' });        // answers when this returns
 * await lab.admin.callAndWait('migrateVirtualMachine', { virtualmachineid: vm.id, hostid: lab.hostId('host-2') });
 * expect(await lab.hostOf(vm)).toBe('host-2');
 * const { nonce, count } = await lab.counter(vm);                  // over its network; a new nonce is a reboot
 * await lab.exec('host-1', ['virsh', 'list']);
 * expect((await lab.diskLog(vm)).isInterleaved).toBe(false);       // what it wrote to its disk
 * expect(lab.witness.violations).toEqual([]);                      // also looked at by release()
 * ```
 *
 * While developing, keep a lab between runs: `TEST_LAB_HOME=/tmp/my-lab npx vitest run test/src/lab/…` uses the lab
 * in that directory, makes it when there is none, and leaves it (end it: `DURASTACK_HOME=/tmp/my-lab ./dura lab down`).
 */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { loadAdminAccess } from '@durastack/cli/api/admin-access';
import { ApiClient } from '@durastack/cli/api/api-client';
import { tryLock, type FileLock } from '@durastack/cli/instance/file-lock';
import { describeHome } from '@durastack/cli/instance/home';
import { LAB_NAMES } from '@durastack/cli/lab/cloud';
import { runInHost } from '@durastack/cli/lab/exec';
import { readFaults } from '@durastack/cli/lab/host/fault-file';
import { initPid } from '@durastack/cli/lab/host/power';
import { Lab, labPlaces } from '@durastack/cli/lab/lab-file';
import { run, type RunOptions, type RunResult } from '@durastack/cli/system/run';
import { DurastackError } from '@durastack/contracts/errors';
import type { SmallCeph } from '@durastack/drivers/rbd/small-ceph';
import { eventually, itemsOf, objectOf } from '../support/basis.js';
import { counterUserData, readCounterLog, type CounterLog, type CounterRecord } from './counter-guest.js';
import { Witness } from './witness.js';

/** For hooks and tests: making the lab takes half a minute, waiting for the longest of the other spec files takes 18 minutes. */
export const LAB_TIMEOUT_MS = 1_800_000;

const MAIN = fileURLToPath(new URL('../../../apps/cli/dist/main.js', import.meta.url));
const HOSTS = 3;
const UP_TIMEOUT_MS = 300_000;
const GUEST_TIMEOUT_MS = 180_000;
const POLL_MS = 500;
const SYSTEMCTL = '/usr/local/sbin/systemctl';
/** Where agents keep how they reach their pools. */
const RBD_ACCESS = '/var/lib/durastack/host/rbd';
/** Where they keep what belongs to one machine. */
const VM_FILES = '/var/lib/durastack/host/vms';

/** A machine that a spec deployed. */
export interface LabVm {
  readonly id: string;
  readonly name: string;
  readonly address: string;
}

/** What a machine is deployed with. */
export interface VmWishes {
  readonly name?: string;
  /** Name of a host of the lab. */
  readonly host?: string;
  /** Tag of the pool for its root disk. Default: `shared`. */
  readonly pool?: 'shared' | 'ceph';
  /** Further parameters of deployVirtualMachine. */
  readonly params?: Readonly<Record<string, string>>;
}

/** What a spec wants of the lab besides. */
export interface LabNeeds {
  /** A small Ceph cluster and the pool `ceph` on it; the lab keeps them. */
  readonly ceph?: boolean;
}

/** Waits for its turn, makes the lab if there is none, and gives it. */
export async function useLab({ ceph }: LabNeeds = {}): Promise<LabFixture> {
  const directory = process.env['TEST_LAB_HOME'] ?? process.env['TEST_LAB_RUN_HOME'];
  if (directory === undefined) {
    throw new DurastackError('MISCONFIGURED', 'Lab specs run under vitest with test/src/support/global-setup.ts.');
  }
  const turn = await waitForTurn(directory);
  try {
    await dura(directory, ['lab', 'up', '--hosts', String(HOSTS), ...(ceph === true ? ['--ceph'] : [])]);
    return await LabFixture.open(directory, turn);
  } catch (error) {
    turn.release();
    throw error;
  }
}

/** Runs a command of `dura` on a lab. ENVIRONMENT with what it said when it fails. */
export async function dura(directory: string, words: readonly string[]): Promise<string> {
  const env = { ...process.env, DURASTACK_HOME: directory };
  const { code, stdout, stderr } = await run(process.execPath, [MAIN, ...words], { env, timeoutMs: UP_TIMEOUT_MS });
  if (code === 0) return stdout;
  throw new DurastackError('ENVIRONMENT', `dura ${words.join(' ')} ended with ${code}:\n${stdout}${stderr}`);
}

async function waitForTurn(directory: string): Promise<FileLock> {
  const path = `${resolve(directory)}.turn`;
  for (;;) {
    const lock = await tryLock(path);
    if (lock !== undefined) return lock;
    await sleep(POLL_MS);
  }
}

/** A lab for the time of one spec file. */
export class LabFixture {
  readonly witness: Witness;
  private hostIds = new Map<string, string>();

  private constructor(
    readonly lab: Lab,
    /** The administrator. */
    readonly admin: ApiClient,
    private readonly turn: FileLock,
  ) {
    this.witness = new Witness(lab.hosts[0]!.instance);
  }

  /** See {@link useLab}. */
  static async open(directory: string, turn: FileLock): Promise<LabFixture> {
    const home = describeHome(directory);
    const lab = Lab.open(home);
    if (lab === undefined) throw new DurastackError('BUG', `lab up made no lab in ${directory}.`);
    const fixture = new LabFixture(lab, new ApiClient(loadAdminAccess(home)), turn);
    await fixture.readHosts();
    return fixture;
  }

  /** Names of its hosts: `host-1`, … */
  get hosts(): readonly string[] {
    return this.lab.hosts.map(({ plan }) => plan.name);
  }

  /** The id under which the control plane knows a host. */
  hostId(name: string): string {
    const id = this.hostIds.get(this.lab.host(name).plan.cables.management.address);
    if (id === undefined) throw new DurastackError('NOT_FOUND', `The control plane does not know ${name}.`);
    return id;
  }

  /** Deploys a tiny Linux in the lab's network, and waits until it runs. */
  async deployVm({ name, host, pool, params }: VmWishes = {}): Promise<LabVm> {
    const reply = await this.admin.callAndWait('deployVirtualMachine', {
      zoneid: await this.idOf('listZones', LAB_NAMES.zone),
      templateid: await this.idOf('listTemplates', LAB_NAMES.template, { templatefilter: 'all' }),
      networkids: await this.idOf('listNetworks', LAB_NAMES.network, { listall: 'true' }),
      serviceofferingid: await this.offeringFor(pool ?? 'shared'),
      keypair: LAB_NAMES.keyPair,
      ...(name === undefined ? {} : { name }),
      ...(host === undefined ? {} : { hostid: this.hostId(host) }),
      ...params,
    });
    const row = objectOf(reply);
    const address = String((row['nic'] as Record<string, unknown>[] | undefined)?.[0]?.['ipaddress'] ?? '');
    return { id: String(row['id']), name: String(row['name']), address };
  }

  /** Deploys a counter guest (counter-guest.ts) and waits until it answers over its network. */
  async deployCounterVm(wishes: VmWishes = {}): Promise<LabVm> {
    const vm = await this.deployVm({ ...wishes, params: { userdata: counterUserData(), ...wishes.params } });
    await this.untilCounting(vm);
    return vm;
  }

  /** Id of the size of that name, which is made if there is none. @param params change the smallest one */
  async offering(name: string, params: Readonly<Record<string, string>>): Promise<string> {
    const known = itemsOf(await this.admin.call('listServiceOfferings')).find((row) => row['name'] === name);
    if (known !== undefined) return known.id;
    const smallest = { name, displaytext: name, cpunumber: '1', cpuspeed: '500', memory: '128' };
    return objectOf(await this.admin.call('createServiceOffering', { ...smallest, ...params })).id;
  }

  /** Waits until a counter guest answers. TIMEOUT with the end of its console. */
  async untilCounting(vm: LabVm): Promise<CounterRecord> {
    const deadline = performance.now() + GUEST_TIMEOUT_MS;
    for (;;) {
      const seen = await this.counter(vm).catch(() => undefined);
      if (seen !== undefined) return seen;
      if (performance.now() > deadline) {
        const within = `within ${GUEST_TIMEOUT_MS / 1000} s`;
        throw new DurastackError('TIMEOUT', `${vm.name} does not count ${within}:\n${await this.consoles(vm)}`);
      }
      await sleep(POLL_MS);
    }
  }

  /** The end of its serial log on each host that it was on, for a guest that did not do as it should. */
  async consoles(vm: LabVm): Promise<string> {
    const ends = await Promise.all(
      this.hosts.map(async (host) => {
        const { stdout } = await this.exec(host, ['tail', '-c', '3000', `${VM_FILES}/${vm.id}/serial.log`]);
        return stdout === '' ? [] : [`On ${host}:\n${stdout}`];
      }),
    );
    return ends.flat().join('\n');
  }

  /** The counter as the guest serves it, asked from the host that it runs on. HOST_UNREACHABLE when it does not answer. */
  async counter(vm: LabVm): Promise<CounterRecord> {
    const answer = await this.fetch(await this.hostOf(vm), `http://${vm.address}/counter`);
    const [nonce = '', count] = answer.trim().split(' ');
    if (!/^[0-9a-f-]{36}$/.test(nonce)) throw new DurastackError('HOST_UNREACHABLE', `${vm.name} said "${answer}".`);
    return { nonce, count: Number(count) };
  }

  /** The counter of one guest as another one sees it, over the network that both are in. */
  async counterSeenBy(client: LabVm, vm: LabVm): Promise<CounterRecord> {
    const answer = await this.inGuest(client, `wget -q -O - http://${vm.address}/counter`);
    const [nonce = '', count] = answer.trim().split(' ');
    return { nonce, count: Number(count) };
  }

  /** Runs a shell command in a guest, over SSH from the host that it runs on. */
  async inGuest(vm: LabVm, command: string, timeoutMs = 60_000): Promise<string> {
    const options = ['BatchMode=yes', 'ConnectTimeout=5', 'StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null'];
    const key = this.lab.home.sshKeyFile;
    const words = ['ssh', '-F', '/dev/null', '-i', key, ...options.flatMap((option) => ['-o', option])];
    const command_ = [...words, '-o', 'LogLevel=ERROR', `root@${vm.address}`, command];
    const { code, stdout, stderr } = await this.exec(await this.hostOf(vm), command_, { timeoutMs });
    if (code === 0) return stdout;
    throw new DurastackError('STEP_REFUSED', `${vm.name}: "${command}" ended with ${code}: ${stderr}`);
  }

  /** What the guest wrote to its disk, read on a host past the guest. */
  async diskLog(vm: LabVm, host = this.hosts[0] ?? ''): Promise<CounterLog> {
    const ofMachine = { virtualmachineid: vm.id, type: 'ROOT', listall: 'true' };
    const [root] = itemsOf(await this.admin.call('listVolumes', ofMachine));
    const { image, format } = await this.imageOf(String(root?.['id']));
    const copy = `/run/lab/${vm.id}.raw`;
    const words = ['qemu-img', 'dd', '-U', '-f', format, '-O', 'raw', 'bs=1M', 'count=1', `if=${image}`, `of=${copy}`];
    const read = await this.exec(host, words);
    if (read.code !== 0) throw new DurastackError('STEP_REFUSED', `Reading ${image}: ${read.stderr}`);
    const { stdout } = await this.exec(host, ['base64', copy]);
    return readCounterLog(Buffer.from(stdout, 'base64'));
  }

  /** Where a volume lies, as QEMU's tools on a host name it. */
  async imageOf(volumeId: string): Promise<{ image: string; format: 'qcow2' | 'raw' }> {
    const [volume] = itemsOf(await this.admin.call('listVolumes', { id: volumeId, listall: 'true' }));
    const [pool] = itemsOf(await this.admin.call('listStoragePools', { id: String(volume?.['storageid']) }));
    if (volume?.['storage'] !== LAB_NAMES.cephPool)
      return { image: join(String(pool?.['path']), 'volumes', `${volumeId}.qcow2`), format: 'qcow2' };
    const conf = join(RBD_ACCESS, String(volume['storageid']), 'ceph.conf');
    const { poolName, user } = this.ceph();
    return { image: `rbd:${poolName}/volume-${volumeId}:id=${user}:conf=${conf}`, format: 'raw' };
  }

  /** The name of the host that the control plane says a machine runs on. */
  async hostOf(vm: LabVm): Promise<string> {
    const row = itemsOf(await this.admin.call('listVirtualMachines', { id: vm.id, listall: 'true' }))[0];
    const host = this.hosts.find((name) => this.hostId(name) === row?.['hostid']);
    if (host === undefined)
      throw new DurastackError('CONFLICT', `${vm.name} is on no host (${String(row?.['state'])}).`);
    return host;
  }

  /** Runs a program on a host, as root. */
  exec(host: string, command: readonly string[], options: RunOptions = {}): Promise<RunResult> {
    return runInHost(this.lab.host(host), command, options);
  }

  /** Ids of the machines that libvirt runs on a host. */
  async domainIds(host: string): Promise<string[]> {
    const { stdout } = await this.exec(host, ['virsh', '-q', 'list', '--uuid']);
    return stdout.split('\n').filter((line) => line !== '');
  }

  /** Names of the domains that libvirt runs on a host. */
  async domains(host: string): Promise<string[]> {
    const { stdout } = await this.exec(host, ['virsh', '-q', 'list', '--name']);
    return stdout.split('\n').filter((line) => line !== '');
  }

  /** A crash of a service of a host, which its service manager mends: `durastack-agent` or `libvirtd`. */
  async crash(host: string, service: 'durastack-agent' | 'libvirtd'): Promise<void> {
    const { code, stderr } = await this.exec(host, [SYSTEMCTL, 'kill', '--signal=SIGKILL', service]);
    if (code !== 0) throw new DurastackError('STEP_REFUSED', `Killing ${service} of ${host}: ${stderr}`);
  }

  /** Fails unless database, Temporal and hosts agree. */
  async expectClean(): Promise<void> {
    const { findings } = JSON.parse(await dura(this.lab.home.root, ['doctor', '--json'])) as { findings: unknown[] };
    if (findings.length > 0) throw new DurastackError('CONFLICT', `The doctor finds ${JSON.stringify(findings)}`);
  }

  /** Makes a data disk of one GiB on a pool, attached to no machine; release() removes it. @returns its id */
  async makeDisk(name: string, pool: 'shared' | 'ceph'): Promise<string> {
    const zoneid = await this.idOf('listZones', LAB_NAMES.zone);
    const storageid = await this.idOf('listStoragePools', pool);
    const offerings = itemsOf(await this.admin.call('listDiskOfferings')).filter((row) => row['iscustomized'] === true);
    const disk = { name, zoneid, storageid, size: '1', diskofferingid: String(offerings[0]?.id) };
    return objectOf(await this.admin.callAndWait('createVolume', disk)).id;
  }

  /** How the lab's Ceph cluster is reached. */
  ceph(): SmallCeph {
    return JSON.parse(readFileSync(join(labPlaces(this.lab.home).ceph, 'cluster.json'), 'utf8')) as SmallCeph;
  }

  /** Names of all images of the pool `ceph`. */
  async cephImages(host = this.hosts[0] ?? ''): Promise<string[]> {
    const { poolName, user } = this.ceph();
    const conf = join(RBD_ACCESS, await this.idOf('listStoragePools', LAB_NAMES.cephPool), 'ceph.conf');
    const { code, stdout, stderr } = await this.exec(host, ['rbd', '--conf', conf, '--id', user, 'ls', poolName]);
    if (code !== 0) throw new DurastackError('STEP_REFUSED', `Listing ${poolName}: ${stderr}`);
    return stdout.split('\n').filter((line) => line !== '');
  }

  /** Injects a fault: `--power`, `--network`, `--storage`, `--agent`, `--bmc`. */
  async kill(host: string, fault: string): Promise<void> {
    await dura(this.lab.home.root, ['lab', 'kill', host, fault]);
  }

  /** Undoes the faults of a host, and waits until the control plane sees it. */
  async heal(host: string): Promise<void> {
    await dura(this.lab.home.root, ['lab', 'heal', host]);
    await this.untilHost(host);
  }

  /** Waits until the control plane says this of a host. */
  async untilHost(host: string, state = 'Up'): Promise<void> {
    const id = this.hostId(host);
    const isSo = async () => itemsOf(await this.admin.call('listHosts', { id }))[0]?.['state'] === state;
    await eventually(`${host} being ${state}`, isSo, GUEST_TIMEOUT_MS);
  }

  /** Ends the turn. Fails when the witness saw two copies of a machine run. */
  async release(): Promise<void> {
    this.witness.stop();
    try {
      for (const host of this.lab.hosts) {
        const isWhole = readFaults(host.directory).length === 0 && initPid(host.directory) !== undefined;
        if (!isWhole) await this.heal(host.plan.name);
      }
      for (const host of itemsOf(await this.admin.call('listHosts', { type: 'Routing' })))
        if (host['resourcestate'] !== 'Enabled') await this.admin.callAndWait('cancelHostMaintenance', { id: host.id });
      // Also those whose deploy failed: nobody else has the lab now.
      const machines = itemsOf(await this.admin.call('listVirtualMachines', { listall: 'true' }));
      await Promise.all(machines.map(({ id }) => this.destroy(id)));
      const disks = itemsOf(await this.admin.call('listVolumes', { listall: 'true', type: 'DATADISK' }));
      await Promise.all(disks.map(({ id }) => this.admin.callAndWait('deleteVolume', { id })));
    } finally {
      this.turn.release();
    }
    if (this.witness.violations.length === 0) return;
    throw new DurastackError('CONFLICT', `Two copies ran: ${JSON.stringify(this.witness.violations)}`);
  }

  private async destroy(id: string): Promise<void> {
    try {
      await this.admin.callAndWait('destroyVirtualMachine', { id, expunge: 'true' });
    } catch (error) {
      if (!/not found|does not exist|unable to find/i.test(String(error))) throw error;
    }
  }

  private async readHosts(): Promise<void> {
    const rows = itemsOf(await this.admin.call('listHosts', { type: 'Routing' }));
    this.hostIds = new Map(rows.map((row) => [String(row['ipaddress']), String(row['id'])]));
  }

  private async fetch(host: string, url: string): Promise<string> {
    const script = `fetch(process.argv[1],{signal:AbortSignal.timeout(2000)}).then(r=>r.text()).then(t=>process.stdout.write(t))`;
    const { code, stdout } = await this.exec(host, [process.execPath, '-e', script, url], { timeoutMs: 10_000 });
    if (code !== 0) throw new DurastackError('HOST_UNREACHABLE', `${url} does not answer on ${host}.`);
    return stdout;
  }

  private async idOf(command: string, name: string, params: Record<string, string> = {}): Promise<string> {
    const row = itemsOf(await this.admin.call(command, params)).find((item) => item['name'] === name);
    if (row === undefined) throw new DurastackError('NOT_FOUND', `The lab has no ${name} (${command}).`);
    return String(row['id']);
  }

  /** The smallest size, with a root disk on a pool of that tag. */
  private offeringFor(tags: string): Promise<string> {
    return this.offering(`lab-${tags}`, { tags });
  }
}

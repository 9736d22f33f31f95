/** Open vSwitch's programs: ovs-vsctl for the database, ovs-ofctl for flows. */
import type { HostShell } from '../process/host-shell.js';
import { join } from 'node:path';

/** An interface in Open vSwitch's database. */
export interface OvsInterface {
  readonly name: string;
  /** OpenFlow port number; undefined while the switch has none for it. */
  readonly number: number | undefined;
  /** Why the switch could not make it. */
  readonly error: string | undefined;
  readonly ids: ReadonlyMap<string, string>;
}

/** A table as `--format=json` prints it: values are plain, or `[kind, content]`. */
interface JsonTable {
  readonly headings: readonly string[];
  readonly data: readonly (readonly unknown[])[];
}

const TIMEOUT_S = 10;

/** Calls Open vSwitch on one host. */
export class Vsctl {
  readonly #shell: HostShell;
  readonly #runDir: string | undefined;

  constructor(shell: HostShell, runDir?: string) {
    this.#shell = shell;
    this.#runDir = runDir;
  }

  /** Runs ovs-vsctl; waits until the switch has done what the database says. */
  run(args: readonly string[]): Promise<string> {
    const database = this.#runDir ? [`--db=unix:${join(this.#runDir, 'db.sock')}`] : [];
    return this.#shell.run('ovs-vsctl', [`--timeout=${TIMEOUT_S}`, ...database, ...args], this.#env());
  }

  /** Whether there is a bridge of that name. */
  async hasBridge(bridge: string): Promise<boolean> {
    return (await this.run(['list-br'])).split('\n').includes(bridge);
  }

  /** Names of the ports of a bridge, without its local one. */
  async portsOf(bridge: string): Promise<string[]> {
    return (await this.run(['list-ports', bridge])).split('\n').filter((name) => name !== '');
  }

  /** Names of the bridges with that external id. */
  async bridgesWith(key: string, value: string): Promise<string[]> {
    const table = await this.run(['--bare', '--columns=name', 'find', 'bridge', `external_ids:${key}=${value}`]);
    return table.split('\n').filter((name) => name !== '');
  }

  /** A bridge's external id of that name; undefined when it has none. */
  async externalId(bridge: string, key: string): Promise<string | undefined> {
    const text = (await this.run(['--if-exists', 'get', 'bridge', bridge, `external_ids:${key}`])).trim();
    return text === '' ? undefined : text.replaceAll('"', '');
  }

  /** Every interface of every bridge. */
  async interfaces(): Promise<OvsInterface[]> {
    const text = await this.run(['--format=json', '--columns=name,ofport,error,external_ids', 'list', 'interface']);
    return (JSON.parse(text) as JsonTable).data.map(([name, number, error, ids]) => ({
      name: String(name),
      number: typeof number === 'number' && number > 0 ? number : undefined,
      error: typeof error === 'string' && error !== '' ? error : undefined,
      ids: new Map((ids as [string, [string, string][]])[1]),
    }));
  }

  /** Adds flows, all at once; equal ones are replaced. */
  async addFlows(bridge: string, flows: readonly string[]): Promise<void> {
    await this.#ofctl(['--bundle', 'add-flows', bridge, '-'], flows.map((flow) => `${flow}\n`).join(''));
  }

  /** No flow is left for frames from these ports. */
  async deleteFlowsFrom(bridge: string, ports: readonly number[]): Promise<void> {
    if (ports.length === 0) return;
    await this.#ofctl(['del-flows', bridge, '-'], ports.map((port) => `in_port=${port}\n`).join(''));
  }

  /** The bridge has exactly these flows; only differences are sent, all at once. */
  async replaceFlows(bridge: string, flows: string): Promise<void> {
    await this.#ofctl(['--bundle', 'replace-flows', bridge, '-'], flows);
  }

  /** Sends a frame (hexadecimal) as if it had come in by the port. */
  async sendAs(bridge: string, port: number, frame: string): Promise<void> {
    const packet = `in_port=${port} packet=${frame} actions=resubmit(,0)`;
    await this.#shell.run('ovs-ofctl', [`--timeout=${TIMEOUT_S}`, 'packet-out', bridge, packet], this.#env());
  }

  async #ofctl(args: readonly string[], input: string): Promise<void> {
    await this.#shell.run('ovs-ofctl', [`--timeout=${TIMEOUT_S}`, ...args], { ...this.#env(), input });
  }

  #env(): { env?: Record<string, string> } {
    return this.#runDir ? { env: { OVS_RUNDIR: this.#runDir } } : {};
  }
}

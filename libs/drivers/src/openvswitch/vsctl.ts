/** Open vSwitch's programs: ovs-vsctl for the database, ovs-ofctl for flows. */
import type { HostShell } from '../process/host-shell.js';
import { join } from 'node:path';
import { LIST_BRIDGES, parseBridges, type OvsBridge } from './ovs-view.js';

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

  /** Every bridge with its ports. */
  async bridges(): Promise<OvsBridge[]> {
    return parseBridges(await this.run(LIST_BRIDGES));
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

/** A cluster that is balanced, and what is asked of it. */
import { afterEach } from 'vitest';
import { eventually, itemsOf, objectOf } from '../support/basis.js';
import { HostsInACloud } from '../support/hosts-in-a-cloud.js';

/** A busy machine's hosts fall silent for a while, and nothing moves meanwhile. */
export const PATIENCE_MS = 180_000;

/** A move of a {@link Plan}. */
interface Move {
  readonly virtualmachineid: string;
  readonly sourcehostid: string;
  readonly destinationhostid: string;
  readonly jobstatus?: number;
  readonly skipped?: string;
}

/** As `listClusterDrsPlan` shows it. */
export interface Plan {
  readonly id: string;
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly imbalancebefore: number;
  readonly imbalanceafter: number;
  readonly migrations: readonly Move[];
}

/** See the module's head. */
export class DrsCluster extends HostsInACloud {
  private readonly holds = new Set<string>();

  constructor(hosts: number) {
    super(hosts);
    afterEach(() => this.releaseMoves());
  }

  async generate(params: Record<string, string> = {}): Promise<Plan> {
    const reply = await this.call('generateClusterDrsPlan', { id: this.basis.clusterId, ...params });
    return objectOf(reply) as unknown as Plan;
  }

  async listed(id: string): Promise<Plan> {
    return itemsOf(await this.call('listClusterDrsPlan', { id }))[0] as unknown as Plan;
  }

  async set(name: string, value: string) {
    return objectOf(await this.call('updateConfiguration', { name, value, clusterid: this.basis.clusterId }));
  }

  /** Asks that a plan or named moves are carried out. @returns the operation */
  async begin(params: Record<string, string>): Promise<string> {
    const { jobid } = await this.call('executeClusterDrsPlan', { id: this.basis.clusterId, ...params });
    return String(jobid);
  }

  async execute(params: Record<string, string>) {
    return this.waitForJob(await this.begin(params));
  }

  /** Holds every sending of a machine until {@link releaseMoves}, or the end of the test. */
  async holdMoves(): Promise<void> {
    const { id } = await this.cloud.simulate('POST', '/faults', {
      ...{ verb: 'sendVm', point: 'before-effect', action: { kind: 'hold' } },
    });
    this.holds.add(`/faults/${String(id)}`);
  }

  /** Waits until a move is held. */
  async untilHeld(): Promise<void> {
    const held = async (path: string) => Number((await this.cloud.simulate('GET', path))['held']) > 0;
    await eventually(
      'a move being under way',
      async () => (await Promise.all([...this.holds].map(held))).includes(true),
      PATIENCE_MS,
    );
  }

  async releaseMoves(): Promise<void> {
    for (const path of this.holds) await this.cloud.simulate('DELETE', path);
    this.holds.clear();
  }
}

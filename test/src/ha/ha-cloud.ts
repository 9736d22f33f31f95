/** A cloud of simulated hosts that HA looks after, and what its specs ask of it. */
import type { ApiClient } from '@durastack/cli/api/api-client';
import { DurastackError } from '@durastack/contracts/errors';
import { autocommit, type Tx } from '@durastack/store/database/transaction';
import { deployParams, eventually, itemsOf, makeBasis, objectOf, type Basis } from '../support/basis.js';
import { startCloud, type Cloud, type CloudOptions } from '../support/cloud.js';
import { inconsistenciesOf, readUnderWay } from '../support/consistency.js';

const LONG_MS = 90_000;

/** Makes HA look after simulated hosts, which it may switch off. */
export async function enableSimulatedHa(
  admin: Pick<ApiClient, 'callAndWait'>,
  hostIds: readonly string[],
): Promise<void> {
  for (const hostid of hostIds) {
    await admin.callAndWait('configureHAForHost', { hostid, provider: 'SimulatorHAProvider' });
    await admin.callAndWait('enableHAForHost', { hostid });
  }
}

/** Call {@link HaCloud.stop} in `afterAll`. */
export class HaCloud {
  private constructor(
    readonly cloud: Cloud,
    readonly basis: Basis,
    private readonly offeringId: string,
  ) {}

  /** Starts one; each of its hosts may be fenced. */
  static async start({ hosts, ...options }: CloudOptions & { readonly hosts: number }): Promise<HaCloud> {
    const cloud = await startCloud(options);
    const basis = await makeBasis(cloud, { hosts });
    const offering = { name: 'ha', displaytext: 'ha', cpunumber: '1', cpuspeed: '500', memory: '128', offerha: 'true' };
    const { id } = objectOf(await cloud.admin.call('createServiceOffering', offering));
    await enableSimulatedHa(cloud.admin, basis.hostIds);
    return new HaCloud(cloud, basis, id);
  }

  stop(): Promise<void> {
    return this.cloud.stop();
  }

  get db(): Tx {
    return autocommit(this.cloud.database.source);
  }

  /** As HA sees a host. */
  async of(hostid: string): Promise<{ readonly hastate: string; readonly hareason?: string }> {
    const [found] = itemsOf(await this.cloud.admin.call('listHostHAResources', { hostid }));
    return found as unknown as { hastate: string; hareason?: string };
  }

  async host(id: string): Promise<Record<string, unknown>> {
    return itemsOf(await this.cloud.admin.call('listHosts', { id }))[0]!;
  }

  async machine(id: string): Promise<Record<string, unknown>> {
    return itemsOf(await this.cloud.admin.call('listVirtualMachines', { id }))[0]!;
  }

  /** A machine on that host, which HA starts elsewhere unless its offering is another. @returns its id */
  async deploy(hostid: string, extra: Record<string, string> = {}): Promise<string> {
    const params = deployParams(this.basis, { serviceofferingid: this.offeringId, hostid, ...extra });
    return objectOf(await this.cloud.admin.callAndWait('deployVirtualMachine', params)).id;
  }

  async setPower(hostId: string, on: boolean): Promise<void> {
    await this.cloud.simulate('POST', `/hosts/${hostId}/power`, { on });
  }

  async setNetwork(hostId: string, on: boolean, storage = false): Promise<void> {
    await this.cloud.simulate('POST', `/hosts/${hostId}/network`, { on, storage });
  }

  /** What the simulator has of machines on a host, by their ids. */
  async machinesOn(hostId: string): Promise<Record<string, unknown>> {
    return ((await this.cloud.simulate('GET', `/hosts/${hostId}`)) as { vms: Record<string, unknown> }).vms;
  }

  async until(hostId: string, state: string, limitMs = LONG_MS): Promise<void> {
    const isSo = async () => (await this.of(hostId)).hastate === state;
    await eventually(`HA of the host being ${state}`, isSo, limitMs).catch(async (cause: unknown) => {
      throw new DurastackError('TIMEOUT', `${String(cause)} ${JSON.stringify(await this.of(hostId))}`, { cause });
    });
  }

  /** What is under way, and what the doctor finds. */
  async inconsistencies(): Promise<string[]> {
    // HA asks for operations by itself, and what a test sees of them is there a moment before they end.
    const { source } = this.cloud.database;
    await eventually('the end of all operations', async () => (await readUnderWay(source)).length === 0, LONG_MS);
    return inconsistenciesOf(this.cloud);
  }
}

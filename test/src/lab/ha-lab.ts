/** What specs of HA on the lab have in common: HA that is on, guests that it cares for, and what one sees of it. */
import { planCeph } from '@durastack/cli/lab/lab-plan';
import { run } from '@durastack/cli/system/run';
import { DurastackError } from '@durastack/contracts/errors';
import { eventually, itemsOf } from '../support/basis.js';
import { disableHa, enableHa } from './ha-hosts.js';
import { dura, type LabFixture, type LabVm, type VmWishes } from './use-lab.js';

/** For tests that see hosts die. */
export const HA_TIMEOUT_MS = 600_000;

/** HA on every host of a lab. */
export class HaLab {
  private constructor(readonly lab: LabFixture) {}

  /** Lets the product use every host's controller, and HA act for every host. */
  static async of(lab: LabFixture): Promise<HaLab> {
    await enableHa(lab);
    return new HaLab(lab);
  }

  /** Hosts that a failed test left fenced are started anew and taken back; then HA acts for none any more. */
  async off(): Promise<void> {
    const { lab } = this;
    for (const host of lab.hosts)
      if ((await this.state(host)) !== 'Available') {
        await lab.kill(host, '--power');
        await dura(lab.lab.home.root, ['lab', 'heal', host]);
        await this.until(host, 'Available');
      }
    await disableHa(lab);
  }

  /** Addresses that the Ceph cluster shuts out as a whole, by its own list; single clients are listed with a port and a number. */
  async shutOut(): Promise<string[]> {
    const { configFile, adminKeyFile } = this.lab.ceph();
    const { namespace } = planCeph(this.lab.lab.home.name);
    const ceph = ['ceph', '--conf', configFile, '--keyring', adminKeyFile, 'osd', 'blocklist', 'ls'];
    const { code, stdout, stderr } = await run('ip', ['netns', 'exec', namespace, ...ceph]);
    if (code !== 0) throw new DurastackError('STEP_REFUSED', `Listing what Ceph shuts out: ${stderr}`);
    return stdout.split('\n').flatMap((line) => /^[\d.]+(?=:0\/0 )/.exec(line) ?? []);
  }

  /** A counter guest of a size that HA cares for. */
  async deploy(host: string, name: string, { pool = 'shared' }: Pick<VmWishes, 'pool'> = {}): Promise<LabVm> {
    const serviceofferingid = await this.lab.offering(`ha-${pool}`, { tags: pool, offerha: 'true' });
    return this.lab.deployCounterVm({ host, name, params: { serviceofferingid } });
  }

  /** How HA stands with a host. */
  async state(host: string): Promise<string> {
    return (await this.seen(host)).hastate;
  }

  /** The same, with the reason. */
  async seen(host: string): Promise<{ readonly hastate: string; readonly hareason?: string }> {
    const rows = itemsOf(
      await this.lab.admin.call('listHostHAResources', { hostid: this.lab.hostId(host) }),
    ) as unknown as { hastate: string; hareason?: string }[];
    return rows[0]!;
  }

  /** How many events there are of hosts being fenced or taken back. */
  async fencings(): Promise<number> {
    const { lab } = this;
    const type = 'HA.STATE.TRANSITION';
    const found = await Promise.all(
      lab.hosts.map((host) => lab.admin.call('listEvents', { type, resourceid: lab.hostId(host) })),
    );
    return found.flatMap(itemsOf).length;
  }

  /** Waits for one. */
  async until(host: string, state: string): Promise<void> {
    const there = async () => (await this.state(host)) === state;
    await eventually(`HA of ${host} being ${state}`, there, HA_TIMEOUT_MS / 2).catch(async (error: unknown) => {
      throw new DurastackError('TIMEOUT', `${String(error)} ${JSON.stringify(await this.seen(host))}`);
    });
  }

  /** It answers on another host, as another boot of it, and its disk tells of one writer after the other. */
  async untilElsewhere(vm: LabVm, than: readonly string[], before: string): Promise<string> {
    const { lab } = this;
    const found = await eventually(
      `${vm.name} answering elsewhere`,
      async () => {
        const host = await lab.hostOf(vm).catch(() => undefined);
        if (host === undefined || than.includes(host)) return false;
        const seen = await lab.counter(vm).catch(() => undefined);
        return seen !== undefined && seen.nonce !== before && host;
      },
      HA_TIMEOUT_MS / 2,
    );
    const isInterleaved = (await lab.diskLog(vm, found)).isInterleaved;
    const copies = lab.witness.copies(vm.id).length;
    if (!isInterleaved && copies === 1) return found;
    const writers = isInterleaved ? 'several writers' : 'one writer';
    throw new DurastackError(
      'CONFLICT',
      `${vm.name} runs on ${found} with ${copies} copies and ${writers} of its disk.`,
    );
  }
}

/** Another one at each start of the host. */
export const bootIdOf = async (lab: LabFixture, host: string): Promise<string> =>
  (await lab.exec(host, ['cat', '/proc/sys/kernel/random/boot_id'])).stdout.trim();

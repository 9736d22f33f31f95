/**
 * Verb `receiveVm`: the destination's half of a live migration.
 *
 * The copy belongs to one connection to libvirtd: when that ends before the machine was let run (the agent died, the
 * source went away), libvirtd itself removes the copy. It never runs before the source says that everything was sent, or
 * that the rest is to be fetched.
 */
import type { MigrationSide } from '@durastack/contracts/agent/migration';
import type { PowerState, VmSpec } from '@durastack/contracts/agent/specs';
import type { VerbParams, VerbResult } from '@durastack/contracts/agent/verbs';
import { DurastackError, isDurastackError } from '@durastack/contracts/errors';
import { setTimeout as sleep } from 'node:timers/promises';
import type { MigrationReceiver, VerbContext } from '../../driver.js';
import { withRevert } from '../../process/reverter.js';
import { newTurn } from '../../turn.js';
import { diskTarget, ROOT_DEVICE, ROOT_TARGET } from '../disk-xml.js';
import type { LibvirtHost } from '../libvirt-host.js';
import { definitionOf, prepareVm } from '../prepare-vm.js';
import type { LibvirtClient } from '../rpc/client.js';
import { migrateFinish, migratePrepare } from '../rpc/migration-calls.js';
import { ensureVmGone } from '../stop-vm.js';
import { vmFiles, withSocket } from '../vm-files.js';
import { copyDefinition } from './copy-definition.js';
import { noPostCopyHere } from './post-copy.js';
import { connectSocket } from './sockets.js';

/** libvirtd removes a copy whose connection ended within this. */
const REMOVED_WITHIN_MS = 10_000;
const LOOK_EVERY_MS = 50;

/** See the module's comment. */
export async function receiveVm(
  host: LibvirtHost,
  params: VerbParams<'receiveVm'>,
  context: VerbContext,
): Promise<VerbResult<'receiveVm'>> {
  const turn = newTurn<VerbResult<'receiveVm'>>(context.signal);
  const whole: Promise<VerbResult<'receiveVm'>> = receiveWhole(host, params, {
    ...context,
    signal: turn.signal,
    beginPostCopy: (): void => {
      host.postCopies.begin(params.vm.id, whole);
      turn.take({ power: 'paused' });
    },
  });
  return Promise.race([whole, turn.taken]);
}

async function receiveWhole(
  host: LibvirtHost,
  { vm, withVolumes = [], postCopy }: VerbParams<'receiveVm'>,
  context: VerbContext & { readonly beginPostCopy: () => void },
): Promise<VerbResult<'receiveVm'>> {
  const { admit, signal, beginPostCopy } = context;
  if (admit === undefined) throw new DurastackError('BUG', 'receiveVm was called without a gate');
  const before = await host.domains.find(vm.id);
  const power = await host.domains.power(before);
  if (power === 'running') return { power };
  // What an earlier attempt left: a definition, or a copy that never ran.
  if (before !== undefined) await ensureVmGone(host, vm.id);
  const connection = host.connect();
  try {
    return await withRevert(async (onFailure) => {
      onFailure(() => removeCopy(host, vm.id, connection));
      const disks = await prepareVm(host, vm, { isNew: true, onFailure, signal });
      const definition = await definitionOf(host, vm, disks);
      const targets = targetsOf(vm, withVolumes);
      const receiver = new LibvirtReceiver(host, {
        vm,
        connection,
        definition,
        targets,
        postCopy: postCopy === true,
        beginPostCopy,
      });
      await admit(receiver, signal).catch((error: unknown) => {
        // What runs, runs, whatever became of the connection.
        if (!receiver.runs) throw error;
      });
      if (!receiver.runs)
        throw new DurastackError('STEP_REFUSED', `The source ended the migration of ${vm.domainName}`);
      return { power: await host.domains.power(await host.domains.find(vm.id)) };
    });
  } finally {
    connection.close();
  }
}

/** Ends the connection that the copy hangs on, and waits until libvirtd has removed it. */
async function removeCopy(host: LibvirtHost, vmId: string, connection: LibvirtClient): Promise<void> {
  connection.close();
  const deadline = Date.now() + REMOVED_WITHIN_MS;
  while (Date.now() < deadline) {
    const domain = await host.domains.find(vmId);
    if (domain === undefined || !(await host.domains.isHeld(domain))) return;
    await sleep(LOOK_EVERY_MS);
  }
  throw new DurastackError('BACKEND_BUSY', `libvirt has not removed the copy of ${vmId} yet`);
}

interface Reception {
  readonly vm: VmSpec;
  readonly connection: LibvirtClient;
  /** The machine's own definition on this host. */
  readonly definition: string;
  /** Names of the disks whose content comes along. */
  readonly targets: readonly string[];
  /** Whether it may run before its memory is complete, and what is done before it does. */
  readonly postCopy: boolean;
  readonly beginPostCopy: () => void;
}

function targetsOf(vm: VmSpec, volumeIds: readonly string[]): string[] {
  const disks = [{ volume: vm.rootVolume, deviceId: ROOT_DEVICE }, ...vm.dataVolumes];
  return volumeIds.map((id) => {
    const disk = disks.find(({ volume }) => volume.id === id);
    if (disk === undefined)
      throw new DurastackError(
        'INVALID_INPUT',
        `The volume ${id} that is to come with ${vm.domainName} is none of its disks`,
      );
    return disk.deviceId === ROOT_DEVICE ? ROOT_TARGET : diskTarget(disk.deviceId);
  });
}

class LibvirtReceiver implements MigrationReceiver {
  runs = false;

  constructor(
    private readonly host: LibvirtHost,
    private readonly reception: Reception,
  ) {}

  async prepare({ description, cookie }: { description: string; cookie: string }): Promise<{ cookie: string }> {
    const { vm, connection, definition, targets, postCopy } = this.reception;
    const socketPath = this.files.incomingDisks;
    const reply = await migratePrepare(connection, {
      name: vm.domainName,
      xml: copyDefinition(definition, description),
      socketPath: this.files.incomingSocket,
      cookie: Buffer.from(cookie, 'base64'),
      disks: targets.length === 0 ? undefined : { targets, socketPath },
      postCopy,
    }).catch((error: unknown) => this.sayWhy(error));
    await this.host.networks.plugged(vm.id);
    return { cookie: reply.toString('base64') };
  }

  /** A kernel that refuses post-copy is known by what its QEMU says then. */
  private async sayWhy(error: unknown): Promise<never> {
    const why = this.reception.postCopy ? await noPostCopyHere(this.host) : undefined;
    if (why === undefined || !isDurastackError(error, 'STEP_REFUSED')) throw error;
    throw new DurastackError('STEP_REFUSED', `${error.message}: the host ${why}`, { cause: error });
  }

  openStream() {
    return withSocket(this.files.incomingSocket, connectSocket);
  }

  openDiskStream() {
    return withSocket(this.files.incomingDisks, connectSocket);
  }

  async beginPostCopy(): Promise<void> {
    this.reception.beginPostCopy();
  }

  async finish({ cookie }: { cookie: string }): Promise<{ runs: boolean; cookie: string }> {
    const { vm, connection, definition, postCopy } = this.reception;
    try {
      const end = { name: vm.domainName, cookie: Buffer.from(cookie, 'base64'), cancelled: false, postCopy };
      const reply = await migrateFinish(connection, end);
      this.runs = true;
      await this.host.networks.announce(vm.id);
      await this.host.client.defineDomain(definition);
      return { runs: true, cookie: reply.cookie.toString('base64') };
    } catch (error) {
      this.runs = isAlive(await this.look(error));
      if (this.runs) {
        await this.host.networks.announce(vm.id);
        await this.host.client.defineDomain(definition);
      }
      return { runs: this.runs, cookie: '' };
    }
  }

  /** How the machine stands here after a call that failed. Throws that failure when it cannot be seen. */
  private async look(failure: unknown): Promise<PowerState> {
    const side = await this.arrived();
    if (side === 'stranded') throw failure;
    const domain = await this.host.domains.find(this.reception.vm.id);
    if (domain === undefined) return 'absent';
    // Neither refused nor let run: libvirtd may still be about to do either.
    if (!isDurastackError(failure, 'STEP_REFUSED')) throw failure;
    if (await this.host.domains.isHeld(domain)) throw failure;
    return this.host.domains.power(domain);
  }

  /** Whatever became of the call (a libvirtd may have died): memory that comes by post-copy goes on coming. */
  private async arrived(): Promise<MigrationSide> {
    for (;;) {
      const side = await this.side();
      if (side !== 'arriving' && side !== undefined) return side;
      await sleep(LOOK_EVERY_MS);
    }
  }

  /** Undefined while libvirtd does not say. */
  private async side(): Promise<MigrationSide | undefined> {
    try {
      return await this.host.domains.side(await this.host.domains.find(this.reception.vm.id));
    } catch (error) {
      if (!this.reception.postCopy || !isDurastackError(error, 'BACKEND_BUSY')) throw error;
      return undefined;
    }
  }

  private get files() {
    return vmFiles(this.host.stateDir, this.reception.vm.id);
  }
}

const isAlive = (power: PowerState): boolean => power === 'running' || power === 'paused';

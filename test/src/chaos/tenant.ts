/** A tenant: an account with a user of its own, its machines, and what it and the administrator ask for about them. */
import { randomBytes } from 'node:crypto';
import { itemsOf, objectOf } from '../support/basis.js';
import { Calls, operationOf, type Answer, type CallOutcome, type RestRequest } from './calls.js';
import type { Action, PlannedCall } from './plan.js';
import type { ChaosWorld } from './world.js';

interface Slot {
  readonly name: string;
  readonly vmId: Promise<string | undefined>;
  lastOperation: Promise<string | undefined>;
}

/** One request, in the words of either face. */
interface Request {
  readonly command: string;
  readonly params: Readonly<Record<string, string>>;
  readonly rest: RestRequest;
}

const SKIPPED: Answer = { outcome: { kind: 'skipped' } };
const COMMANDS = {
  start: 'startVirtualMachine',
  stop: 'stopVirtualMachine',
  reboot: 'rebootVirtualMachine',
  destroy: 'destroyVirtualMachine',
} as const;

/** See the module's head. */
export class Tenant {
  private readonly slots = new Map<number, Slot>();
  private readonly disks = new Map<number, Promise<string | undefined>>();

  private constructor(
    private readonly world: ChaosWorld,
    readonly accountId: string,
    private readonly own: Calls,
    private readonly admin: Calls,
  ) {}

  /** Makes the account by the administrator's API. */
  static async create(world: ChaosWorld, name: string): Promise<Tenant> {
    const admin = new Calls(world.apiUrl, world.adminKeys);
    const account = objectOf(
      await admin.api.call('createAccount', {
        ...{ account: name, accounttype: '0', username: name, password: randomBytes(12).toString('hex') },
        ...{ firstname: name, lastname: name, email: `${name}@example.org` },
      }),
    );
    const [user] = account['user'] as { id: string }[];
    const reply = objectOf(await admin.api.call('registerUserKeys', { id: String(user?.id) }));
    const keys = { apiKey: String(reply['apikey']), secretKey: String(reply['secretkey']) };
    return new Tenant(world, account.id, new Calls(world.apiUrl, keys), admin);
  }

  /**
   * Makes one call.
   *
   * @param giveUpAt when a keyed call that nobody answers is given up, by the process's monotonic clock
   */
  async perform(call: PlannedCall, giveUpAt: number): Promise<CallOutcome> {
    if (call.action === 'deploy') return this.deploy(call, giveUpAt);
    if (call.action === 'make-disk') return this.makeDisk(call, giveUpAt);
    const slot = this.slots.get(call.slot);
    if (slot === undefined) return SKIPPED.outcome;
    if (call.action === 'cancel') return this.cancel(call, slot, giveUpAt);
    const sent = this.act(call, slot, giveUpAt);
    slot.lastOperation = sent.then(operationOf);
    return sent;
  }

  private async deploy(call: PlannedCall, giveUpAt: number): Promise<CallOutcome> {
    const name = `c${call.index}`;
    const { zoneId, templateId, serviceOfferingId, networkId, userData } = this.world.machine;
    const sent = this.send(this.own, call, giveUpAt, {
      command: 'deployVirtualMachine',
      params: {
        ...{ name, zoneid: zoneId, templateid: templateId },
        ...{ serviceofferingid: serviceOfferingId, networkids: networkId },
        ...(userData === undefined ? {} : { userdata: userData }),
      },
      rest: {
        path: '/virtual-machines',
        body: {
          ...{ name, zoneId, templateId, serviceOfferingId, networkIds: [networkId] },
          ...(userData === undefined ? {} : { userData }),
        },
      },
    });
    const outcome = sent.then(({ outcome: what }) => what);
    const vmId = sent.then((answer) => this.idOf(answer, 'listVirtualMachines', name, giveUpAt));
    this.slots.set(call.slot, { name, vmId, lastOperation: outcome.then(operationOf) });
    return outcome;
  }

  private async makeDisk(call: PlannedCall, giveUpAt: number): Promise<CallOutcome> {
    const { moves, machine } = this.world;
    if (moves === undefined) return SKIPPED.outcome;
    const name = `d${call.index}`;
    const { diskOfferingId } = moves;
    const sent = this.send(this.own, call, giveUpAt, {
      command: 'createVolume',
      params: { name, zoneid: machine.zoneId, diskofferingid: diskOfferingId, size: '1' },
      rest: { path: '/volumes', body: { name, zoneId: machine.zoneId, diskOfferingId, size: 1 } },
    });
    this.disks.set(
      call.slot,
      sent.then((answer) => this.idOf(answer, 'listVolumes', name, giveUpAt)),
    );
    return (await sent).outcome;
  }

  private async act(call: PlannedCall, slot: Slot, giveUpAt: number): Promise<CallOutcome> {
    const vmId = await slot.vmId;
    if (vmId === undefined) return SKIPPED.outcome;
    const request = await this.requestFor(call, vmId, giveUpAt);
    if (request === undefined) return SKIPPED.outcome;
    const by = call.action === 'migrate' || call.action === 'migrate-volume' ? this.admin : this.own;
    return (await this.send(by, call, giveUpAt, request)).outcome;
  }

  private async requestFor(call: PlannedCall, vmId: string, giveUpAt: number): Promise<Request | undefined> {
    const action = call.action as Exclude<Action, 'cancel' | 'deploy' | 'make-disk' | 'drain' | 'use'>;
    switch (action) {
      case 'attach':
      case 'detach':
        return this.diskRequest(call, action, vmId);
      case 'migrate':
        return {
          command: 'migrateVirtualMachine',
          params: { virtualmachineid: vmId },
          rest: { path: `/virtual-machines/${vmId}/migrate`, body: {} },
        };
      case 'migrate-volume':
        return this.moveRequest(vmId, giveUpAt);
      case 'expunge':
        return {
          command: 'destroyVirtualMachine',
          params: { id: vmId, expunge: 'true' },
          rest: { path: `/virtual-machines/${vmId}/expunge`, body: {} },
        };
      default: {
        const canBeForced = action === 'stop' || action === 'reboot';
        return {
          command: COMMANDS[action],
          params: canBeForced ? { id: vmId, forced: String(call.forced) } : { id: vmId },
          rest: { path: `/virtual-machines/${vmId}/${action}`, body: canBeForced ? { forced: call.forced } : {} },
        };
      }
    }
  }

  private async diskRequest(
    call: PlannedCall,
    action: 'attach' | 'detach',
    vmId: string,
  ): Promise<Request | undefined> {
    const id = await this.disks.get(call.slot);
    if (id === undefined) return undefined;
    const path = `/volumes/${id}/${action}`;
    return action === 'attach'
      ? {
          command: 'attachVolume',
          params: { id, virtualmachineid: vmId },
          rest: { path, body: { virtualMachineId: vmId } },
        }
      : { command: 'detachVolume', params: { id }, rest: { path, body: {} } };
  }

  /** Its root disk, to the pool on which that is not. */
  private async moveRequest(vmId: string, giveUpAt: number): Promise<Request | undefined> {
    const reply = await this.admin.read(
      'listVolumes',
      { virtualmachineid: vmId, type: 'ROOT', listall: 'true' },
      giveUpAt,
    );
    const [root] = reply === undefined ? [] : itemsOf(reply);
    const storageId = this.world.moves?.poolIds.find((poolId) => poolId !== root?.['storageid']);
    if (root === undefined || storageId === undefined) return undefined;
    return {
      command: 'migrateVolume',
      params: { volumeid: root.id, storageid: storageId, livemigrate: 'true' },
      rest: { path: `/volumes/${root.id}/migrate`, body: { storageId, liveMigrate: true } },
    };
  }

  private async cancel(call: PlannedCall, slot: Slot, giveUpAt: number): Promise<CallOutcome> {
    const jobId = await slot.lastOperation;
    if (jobId === undefined) return SKIPPED.outcome;
    const request = {
      command: 'cancelAsyncJob',
      params: { jobid: jobId },
      rest: { path: `/operations/${jobId}/cancel`, body: {} },
    };
    return (await this.send(this.own, call, giveUpAt, request)).outcome;
  }

  private send(by: Calls, call: PlannedCall, giveUpAt: number, { command, params, rest }: Request): Promise<Answer> {
    return call.face === 'keyed' ? by.keyed(`chaos-${call.index}`, rest, giveUpAt) : by.signed(command, params);
  }

  /** Of what a call has made; looked for as a client would that never heard whether it was accepted. */
  private async idOf(answer: Answer, list: string, name: string, giveUpAt: number): Promise<string | undefined> {
    if (answer.outcome.kind !== 'lost') return answer.resourceId;
    const reply = await this.own.read(list, { name }, giveUpAt);
    return reply && itemsOf(reply).find((item) => item['name'] === name)?.id;
  }
}

/** A tenant: an account with a user of its own, its machines, and how it calls the API. */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiClient } from '@durastack/cli/api/api-client';
import { DurastackError, isDurastackError } from '@durastack/contracts/errors';
import { itemsOf, objectOf } from '../support/basis.js';
import type { Action, PlannedCall } from './plan.js';
import type { ChaosWorld } from './world.js';

/** What became of a call. */
export type CallOutcome =
  /** `operationId` is absent for a cancel. */
  | { readonly kind: 'accepted'; readonly operationId?: string }
  /** The API said no, with its reason. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** No reply, or one that tells nothing: whether it was accepted is seen in the database. */
  | { readonly kind: 'lost' }
  /** There was no machine to act on: its deploy was refused or lost. */
  | { readonly kind: 'skipped' }
  /** The API failed by a fault of the product. */
  | { readonly kind: 'fault'; readonly reason: string };

interface Slot {
  readonly name: string;
  readonly vmId: Promise<string | undefined>;
  lastOperation: Promise<string | undefined>;
}

/** What a reply says, whichever face gave it. */
interface Reply {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

const TRY_AGAIN_MS = 250;
const KEYED_TIMEOUT_MS = 20_000;
const COMMANDS: Readonly<Record<Exclude<Action, 'expunge'>, string>> = {
  deploy: 'deployVirtualMachine',
  start: 'startVirtualMachine',
  stop: 'stopVirtualMachine',
  reboot: 'rebootVirtualMachine',
  destroy: 'destroyVirtualMachine',
  cancel: 'cancelAsyncJob',
};

/** See the module's head. */
export class Tenant {
  private readonly slots = new Map<number, Slot>();

  private constructor(
    private readonly world: ChaosWorld,
    readonly accountId: string,
    private readonly keys: { apiKey: string; secretKey: string },
    private readonly api: ApiClient,
  ) {}

  /** Makes the account by the administrator's API. */
  static async create(world: ChaosWorld, name: string): Promise<Tenant> {
    const account = objectOf(
      await world.admin.call('createAccount', {
        ...{ account: name, accounttype: '0', username: name, password: randomBytes(12).toString('hex') },
        ...{ firstname: name, lastname: name, email: `${name}@example.org` },
      }),
    );
    const [user] = account['user'] as { id: string }[];
    const reply = objectOf(await world.admin.call('registerUserKeys', { id: String(user?.id) }));
    const keys = { apiKey: String(reply['apikey']), secretKey: String(reply['secretkey']) };
    return new Tenant(world, account.id, keys, new ApiClient({ url: `${world.apiUrl}/client/api`, ...keys }));
  }

  /**
   * Makes one call.
   *
   * @param giveUpAt when a keyed call that nobody answers is given up, by the process's monotonic clock
   */
  async perform(call: PlannedCall, giveUpAt: number): Promise<CallOutcome> {
    if (call.action === 'deploy') return this.deploy(call, giveUpAt);
    const slot = this.slots.get(call.slot);
    if (slot === undefined) return { kind: 'skipped' };
    if (call.action === 'cancel') return this.cancel(call, slot, giveUpAt);
    const sent = slot.vmId.then((vmId) =>
      vmId === undefined ? ({ kind: 'skipped' } as const) : this.act(call, vmId, giveUpAt),
    );
    slot.lastOperation = sent.then(operationOf);
    return sent;
  }

  private async deploy(call: PlannedCall, giveUpAt: number): Promise<CallOutcome> {
    const name = `c${call.index}`;
    const { zoneId, templateId, serviceOfferingId, networkId } = this.world.machine;
    const sent =
      call.face === 'keyed'
        ? this.keyed(
            call,
            {
              path: '/virtual-machines',
              body: { name, zoneId, templateId, serviceOfferingId, networkIds: [networkId] },
            },
            giveUpAt,
          )
        : this.signed('deployVirtualMachine', {
            ...{ name, zoneid: zoneId, templateid: templateId },
            ...{ serviceofferingid: serviceOfferingId, networkids: networkId },
          });
    const outcome = sent.then(({ outcome: what }) => what);
    const vmId = sent.then(async ({ outcome: what, vmId: id }) =>
      what.kind === 'lost' ? this.findByName(name, giveUpAt) : id,
    );
    this.slots.set(call.slot, { name, vmId, lastOperation: outcome.then(operationOf) });
    return outcome;
  }

  private async act(call: PlannedCall, vmId: string, giveUpAt: number): Promise<CallOutcome> {
    const action = call.action as Exclude<Action, 'cancel' | 'deploy'>;
    const canBeForced = action === 'stop' || action === 'reboot';
    if (call.face === 'keyed') {
      const body = canBeForced ? { forced: call.forced } : {};
      return (await this.keyed(call, { path: `/virtual-machines/${vmId}/${action}`, body }, giveUpAt)).outcome;
    }
    const extra: Record<string, string> = canBeForced ? { forced: String(call.forced) } : {};
    if (action === 'expunge')
      return (await this.signed('destroyVirtualMachine', { id: vmId, expunge: 'true' })).outcome;
    return (await this.signed(COMMANDS[action], { id: vmId, ...extra })).outcome;
  }

  private async cancel(call: PlannedCall, slot: Slot, giveUpAt: number): Promise<CallOutcome> {
    const jobId = await slot.lastOperation;
    if (jobId === undefined) return { kind: 'skipped' };
    if (call.face === 'keyed')
      return (await this.keyed(call, { path: `/operations/${jobId}/cancel`, body: {} }, giveUpAt)).outcome;
    return (await this.signed('cancelAsyncJob', { jobid: jobId })).outcome;
  }

  /** Once, by CloudStack's face. */
  private async signed(command: string, params: Record<string, string>): Promise<Answer> {
    let reply: Reply;
    try {
      reply = await this.api.request(command, params);
    } catch (error) {
      if (isDurastackError(error)) return LOST;
      throw error;
    }
    const { status, body } = reply;
    if (status < 400) return accepted(body['jobid'], body['id']);
    const reason = String(body['errortext'] ?? JSON.stringify(body));
    return unaccepted(status, reason, true);
  }

  /** By REST, again and again under one key until there is an answer. */
  private async keyed(
    call: PlannedCall,
    request: { readonly path: string; readonly body: object },
    giveUpAt: number,
  ): Promise<Answer> {
    for (;;) {
      const reply = await this.post(request, `chaos-${call.index}`);
      if (reply !== undefined && reply.status < 400) {
        const resource = reply.body['resource'] as { id?: string } | undefined;
        return call.action === 'cancel' ? accepted(undefined, undefined) : accepted(reply.body['id'], resource?.id);
      }
      const answer = reply && unaccepted(reply.status, `${reply.body['code']}: ${reply.body['detail']}`, false);
      if (answer && answer.outcome.kind !== 'lost' && reply.body['code'] !== 'BUSY') return answer;
      if (performance.now() > giveUpAt) return LOST;
      await sleep(TRY_AGAIN_MS);
    }
  }

  private async post(request: { path: string; body: object }, key: string): Promise<Reply | undefined> {
    try {
      const response = await fetch(`${this.world.apiUrl}/api/v1${request.path}`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${this.keys.apiKey}:${this.keys.secretKey}`,
          'content-type': 'application/json',
          'idempotency-key': key,
        },
        body: JSON.stringify(request.body),
        signal: AbortSignal.timeout(KEYED_TIMEOUT_MS),
      });
      const text = await response.text();
      return { status: response.status, body: (text === '' ? {} : JSON.parse(text)) as Record<string, unknown> };
    } catch (error) {
      if (error instanceof DurastackError) throw error;
      return undefined;
    }
  }

  /** As a client would that never heard whether its deploy was accepted. */
  private async findByName(name: string, giveUpAt: number): Promise<string | undefined> {
    while (performance.now() < giveUpAt) {
      try {
        const machines = itemsOf(await this.api.call('listVirtualMachines', { name }));
        return machines.find((machine) => machine['name'] === name)?.id;
      } catch (error) {
        if (!isDurastackError(error)) throw error;
        await sleep(TRY_AGAIN_MS);
      }
    }
    return undefined;
  }
}

interface Answer {
  readonly outcome: CallOutcome;
  readonly vmId?: string | undefined;
}
const LOST: Answer = { outcome: { kind: 'lost' } };

function accepted(operationId: unknown, vmId: unknown): Answer {
  const outcome: CallOutcome =
    typeof operationId === 'string' ? { kind: 'accepted', operationId } : { kind: 'accepted' };
  return typeof vmId === 'string' ? { outcome, vmId } : { outcome };
}

/** 500 (530 to CloudStack's clients) is a fault of the product; what is above says nothing about acceptance. */
function unaccepted(status: number, reason: string, isCloudStack: boolean): Answer {
  if (status === 500 || (isCloudStack && status === 530 && /fault of the product/.test(reason)))
    return { outcome: { kind: 'fault', reason } };
  if (status >= 500 || status === 429) return LOST;
  return { outcome: { kind: 'refused', reason: `${status} ${reason}` } };
}

function operationOf(outcome: CallOutcome): string | undefined {
  return outcome.kind === 'accepted' ? outcome.operationId : undefined;
}

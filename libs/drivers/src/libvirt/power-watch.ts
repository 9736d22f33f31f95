/**
 * Watches the power of our machines: libvirt's events say which one to look at, and a full look follows every
 * reconnection. A slow full look now and then catches what an event may have missed.
 */
import type { ObservedVm } from '@durastack/contracts/agent/specs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Domains } from './domains.js';
import { LibvirtClient, readDomain, type Domain } from './rpc/client.js';
import { EVENT_LIFECYCLE, PROCEDURE } from './rpc/protocol.js';
import type { XdrReader } from './rpc/xdr.js';

/** How {@link PowerWatch} watches. */
export interface PowerWatchOptions {
  /** Makes a client of the daemon, with the events of its connection. */
  readonly client: (on: { event: (procedure: number, body: XdrReader) => void; closed: () => void }) => LibvirtClient;
  readonly domains: (client: LibvirtClient) => Domains;
  readonly onPowerChange: (vm: ObservedVm) => void;
}

const RECONNECT_MS = 250;
/** A daemon that does not answer this long is connected to anew. */
const LIVENESS_TIMEOUT_MS = 5_000;
const LIVENESS_EVERY_MS = 5_000;
const FULL_LOOK_EVERY_MS = 30_000;
/** A daemon that was just started adopts machines without an event for those that end meanwhile: it is looked at often. */
const ADOPTION_MS = 20_000;
const ADOPTION_LOOK_EVERY_MS = 1_000;

/** See the module's comment. */
export class PowerWatch {
  readonly #options: PowerWatchOptions;
  readonly #client: LibvirtClient;
  readonly #domains: Domains;
  readonly #known = new Map<string, ObservedVm>();
  readonly #stopping = new AbortController();
  /** Looks follow one another, so that an older one never overwrites what a newer one saw. */
  #looks: Promise<void> = Promise.resolve();
  #connectionEnded: () => void = () => undefined;
  #loop: Promise<void> | undefined;

  constructor(options: PowerWatchOptions) {
    this.#options = options;
    this.#client = options.client({
      event: (procedure, body) => this.#onEvent(procedure, body),
      closed: () => this.#connectionEnded(),
    });
    this.#domains = options.domains(this.#client);
  }

  /** Begins; resolves after the first full look, whose result is reported as changes. */
  async start(): Promise<void> {
    await new Promise<void>((ready, fail) => {
      this.#loop = this.#watch(ready, fail);
    });
  }

  /** Ends; no report follows. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#client.close();
    await this.#loop;
  }

  async #watch(ready: () => void, fail: (error: unknown) => void): Promise<void> {
    let isFirst = true;
    while (!this.#stopping.signal.aborted) {
      const connection = new AbortController();
      this.#connectionEnded = () => connection.abort();
      try {
        await this.#client.subscribe(EVENT_LIFECYCLE);
        await this.#look(() => this.#lookAtAll());
        ready();
        isFirst = false;
        await this.#whileAlive(AbortSignal.any([connection.signal, this.#stopping.signal]));
      } catch (error) {
        // The daemon is away or stuck: whoever started the watch learns of it once, then it is tried until it is back.
        if (isFirst) return fail(error);
      }
      this.#client.reset();
      await pause(RECONNECT_MS, this.#stopping.signal);
    }
  }

  /** Resolves when the connection ended or the daemon stopped answering. */
  async #whileAlive(ended: AbortSignal): Promise<void> {
    const adopted = Date.now() + ADOPTION_MS;
    let nextFullLook = 0;
    for (;;) {
      const isAdopting = Date.now() < adopted;
      await pause(isAdopting ? ADOPTION_LOOK_EVERY_MS : LIVENESS_EVERY_MS, ended);
      if (ended.aborted) return;
      try {
        await this.#client.libvirtVersion(LIVENESS_TIMEOUT_MS);
        if (!isAdopting && Date.now() < nextFullLook) continue;
        nextFullLook = Date.now() + FULL_LOOK_EVERY_MS;
        await this.#look(() => this.#lookAtAll());
      } catch {
        // Not answering: the caller connects anew.
        return;
      }
    }
  }

  #onEvent(procedure: number, body: XdrReader): void {
    if (procedure !== PROCEDURE.domainEventCallbackLifecycle) return;
    body.int(); // callback id
    const domain = readDomain(body);
    // A failed look means a broken connection; the full look after reconnecting makes up for it.
    this.#look(() => this.#lookAt(domain)).catch(() => this.#client.reset());
  }

  #look(look: () => Promise<void>): Promise<void> {
    const turn = this.#looks.then(look);
    this.#looks = turn.catch(() => undefined);
    return turn;
  }

  async #lookAt(domain: Domain): Promise<void> {
    const known = this.#known.get(domain.uuid);
    if (await this.#domains.isOurs(domain)) this.#report(await this.#domains.observeOne(domain));
    else if (known && (await this.#domains.power(domain)) === 'absent') this.#report({ ...known, power: 'absent' });
  }

  async #lookAtAll(): Promise<void> {
    await this.#domains.endAutostart();
    const seen = await this.#domains.observe();
    const ids = new Set(seen.map((vm) => vm.id));
    for (const vm of seen) this.#report(vm);
    for (const known of [...this.#known.values()]) if (!ids.has(known.id)) this.#report({ ...known, power: 'absent' });
  }

  #report(vm: ObservedVm): void {
    if (this.#stopping.signal.aborted) return;
    const last = this.#known.get(vm.id)?.power ?? 'absent';
    if (vm.power === 'absent') this.#known.delete(vm.id);
    else this.#known.set(vm.id, vm);
    if (last !== vm.power) this.#options.onPowerChange(vm);
  }
}

/** Waits so long, or until the signal. */
async function pause(ms: number, until: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal: until, ref: false }).catch(() => undefined);
}

import type { ImageStoreSpec, NetworkSpec, PoolSpec, VmSpec } from '@durastack/contracts/agent/specs';
import { isDurastackError } from '@durastack/contracts/errors';
import { setTimeout as sleep } from 'node:timers/promises';
import type { VerbName, VerbParams, VerbResult } from '@durastack/contracts/agent/verbs';
import type { HostDriver, VerbContext } from '../driver.js';

/** Ceph forgets a client that died after half a minute, if it was not told otherwise. */
const TRY_AGAIN_FOR_MS = 45_000;
const TRY_AGAIN_EVERY_MS = 500;

/** A host to try a driver on, and what a person could do there behind the driver's back. */
export interface ConformanceSubject {
  /** A new driver object for the host, not started; called again to play a restart of the agent. */
  makeDriver(): Promise<HostDriver>;
  readonly pool: PoolSpec;
  /** What a host needs besides to be told of the pool. */
  readonly poolSecret?: string;
  /** Another pool of the host, to which volumes can be moved; absent where there is none. */
  readonly otherPool?: PoolSpec;
  readonly store: ImageStoreSpec;
  /**
   * What becomes of a second machine that wants a disk: `refused` by the hypervisor (the default), or it `waits`, where a
   * pool cannot tell at once a client that died from one that lives.
   */
  readonly secondOpener?: 'refused' | 'waits';
  /** A network that may be made on the host; absent where the run may not touch the machine's network. */
  readonly network?: NetworkSpec;
  /** A VXLAN network that may be made on the host; absent where there is no switch for it. */
  readonly fabricNetwork?: NetworkSpec;
  /** A new machine on the pool that boots in moments, without network. The template of its volume, if any, is there. */
  makeVm(): VmSpec;
  /**
   * A fetch that succeeds; its template id is new each time. `slow`: it reports progress some time before its end, so
   * that it can be cancelled meanwhile.
   */
  fetch(slow: boolean): VerbParams<'fetchImage'>;
  /** The guest powers itself off, or its process is killed: not by the driver. */
  powerOffBehindOurBack(vmId: string): Promise<void>;
  /** Somebody pauses the machine; absent where that cannot be done. */
  pauseBehindOurBack?(vmId: string): Promise<void>;
  /** From now on the guest lets go of no disk; absent where guests never do. */
  ignoreUnplugging?(vmId: string): Promise<void>;
  /** The ISO in the CD drive of a running machine, as its hypervisor says; undefined: none. */
  discOf(vmId: string): Promise<string | undefined>;
  /** From now on the guest does not let go of its disc; absent where guests have no driver for the drive. */
  lockDrive?(vmId: string): Promise<void>;
  /** A volume's virtual size in bytes; undefined when there is none. */
  volumeSizeBytes(volumeId: string): Promise<number | undefined>;
  /** Everything in pool and store that carries the id: files, partials, records. */
  leftovers(id: string): Promise<readonly string[]>;
  /** Undoes everything. */
  close(): Promise<void>;
}

/** Parameters by which a host is told of the subject's pool. */
export function poolParams({ pool, poolSecret }: ConformanceSubject): VerbParams<'ensurePool'> {
  return { pool, ...(poolSecret === undefined ? {} : { secret: poolSecret }) };
}

/** Calls a driver as the agent does. */
export class ConformanceCaller {
  constructor(private readonly driver: HostDriver) {}

  /** A verb, without another try. */
  once<V extends VerbName>(verb: V, params: VerbParams<V>, context: Partial<VerbContext> = {}): Promise<VerbResult<V>> {
    const run = this.driver.verbs[verb] as (params: VerbParams<V>, context: VerbContext) => Promise<VerbResult<V>>;
    return run(params, { signal: new AbortController().signal, progress: () => undefined, ...context });
  }

  /** A verb that nobody cancels. What may succeed later by itself is tried again for a while, as operations do. */
  async call<V extends VerbName>(
    verb: V,
    params: VerbParams<V>,
    context: Partial<VerbContext> = {},
  ): Promise<VerbResult<V>> {
    const deadline = performance.now() + TRY_AGAIN_FOR_MS;
    for (;;) {
      try {
        return await this.once(verb, params, context);
      } catch (error) {
        if (!isDurastackError(error, 'BACKEND_BUSY') || performance.now() > deadline) throw error;
        await sleep(TRY_AGAIN_EVERY_MS);
      }
    }
  }

  /** The same call twice; gives the second result. */
  async twice<V extends VerbName>(verb: V, params: VerbParams<V>): Promise<VerbResult<V>> {
    await this.call(verb, params);
    return this.call(verb, params);
  }
}

/** What the parts of the suite share. */
export interface ConformanceScene {
  subject(): ConformanceSubject;
  caller(): ConformanceCaller;
  driver(): HostDriver;
}

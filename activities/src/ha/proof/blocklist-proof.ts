/** Proof that a host cannot write to an rbd pool any more: the pool's cluster lists every address of it as shut out. */
import { isDurastackError } from '@durastack/contracts/errors';
import type { StepRef } from '@durastack/contracts/operations/step';
import type { BlocklistEvidence } from '@durastack/model/ha/proof-evidence';
import { inStep } from '@durastack/store/operations/run';
import { forgetShutOut, noteShutOut, readReturn, readShutOut } from '@durastack/store/proof/shut-out';
import { forgetOlderAddresses, readStorageAddresses } from '@durastack/store/proof/storage-addresses';
import type { ActivityDependencies } from '../../dependencies.js';
import { createBlocklists } from '../../storage/blocklist.js';
import type { ProofStrategy, SuspectHost } from './proof-strategy.js';

const INVENTORY_MS = 10_000;

type Parts = Pick<ActivityDependencies, 'source' | 'box' | 'agents'>;

/** Makes the strategy. */
export function createBlocklistProof(parts: Parts): ProofStrategy {
  const { source, agents } = parts;
  const blocklists = createBlocklists(parts);

  const shutOut = async (host: SuspectHost, poolId: string, step: StepRef): Promise<BlocklistEvidence> => {
    const found = await inStep(source, step, (tx) => readStorageAddresses(tx, { hostId: host.id, poolId }));
    const registered = found.map(({ address }) => address);
    const evidence = { poolId, registered, listed: [], trouble: null };
    const shared = found.find(({ alsoOf }) => alsoOf.length > 0);
    // Shutting it out would shut the other one out.
    if (shared) return { ...evidence, trouble: `${shared.address} is also an address of ${shared.alsoOf.join(', ')}` };
    try {
      for (const address of registered) {
        await inStep(source, step, (tx) => noteShutOut(tx, { hostId: host.id, poolId, address }));
        await blocklists.block({ poolId, address, hostId: host.id }, step);
      }
      return { ...evidence, listed: registered.length === 0 ? [] : await blocklists.list(poolId, host.id) };
    } catch (error) {
      if (isDurastackError(error) && error.code !== 'SUPERSEDED') return { ...evidence, trouble: error.message };
      throw error;
    }
  };

  /** Why a host that was shut out must stay so; undefined: nothing of before runs there any more. */
  const whyStill = async (hostId: string, step: StepRef): Promise<string | undefined> => {
    const { name, isNewBoot } = await inStep(source, step, (tx) => readReturn(tx, hostId));
    if (!isNewBoot) return `${name} stays shut out of its storage until it reports that it was started anew`;
    try {
      const { vms } = await agents.read(hostId, 'getInventory', { pools: [] }, INVENTORY_MS);
      if (vms.length === 0) return undefined;
      return `${name} stays shut out of its storage while ${vms.length} machines of before exist there`;
    } catch (error) {
      if (isDurastackError(error))
        return `${name} stays shut out of its storage until it says what exists there: ${error.message}`;
      throw error;
    }
  };

  return {
    async gather(host, step) {
      const pools = new Set(host.disks.flatMap(({ poolId, poolKind }) => (poolKind === 'rbd' ? [poolId] : [])));
      return { blocklists: await Promise.all([...pools].map((poolId) => shutOut(host, poolId, step))) };
    },

    async release(hostId, step, { wholly }) {
      const entries = await inStep(source, step, (tx) => readShutOut(tx, hostId));
      if (entries.length > 0 && !wholly) {
        const reason = await whyStill(hostId, step);
        if (reason !== undefined) return reason;
      }
      for (const { poolId, address } of entries) {
        await blocklists.unblock({ poolId, address, hostId }, step);
        await inStep(source, step, (tx) => forgetShutOut(tx, { hostId, poolId, address }));
      }
      await inStep(source, step, (tx) => forgetOlderAddresses(tx, hostId));
      return undefined;
    },
  };
}

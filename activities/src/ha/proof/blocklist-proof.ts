/** Proof that a host cannot write to an rbd pool any more: the pool's cluster lists every address of it as shut out. */
import { isDurastackError } from '@durastack/contracts/errors';
import type { StepRef } from '@durastack/contracts/operations/step';
import type { BlocklistEvidence } from '@durastack/model/ha/proof-evidence';
import { inStep } from '@durastack/store/operations/run';
import { forgetShutOut, noteShutOut, readReturn, readShutOut } from '@durastack/store/proof/shut-out';
import { forgetOlderAddresses, readStorageAddresses } from '@durastack/store/proof/storage-addresses';
import type { ActivityDependencies } from '../../dependencies.js';
import { createBlocklists, type Blocklists } from '../../storage/blocklist.js';
import type { ProofStrategy } from './proof-strategy.js';

const INVENTORY_MS = 10_000;

type Parts = Pick<ActivityDependencies, 'source' | 'box' | 'agents'>;

/** Makes the strategy. */
export function createBlocklistProof(parts: Parts): ProofStrategy {
  const { source } = parts;
  const blocklists = createBlocklists(parts);
  return {
    async gather({ id: hostId, disks }, step) {
      const pools = new Set(disks.flatMap(({ poolId, poolKind }) => (poolKind === 'rbd' ? [poolId] : [])));
      const shutOuts = [...pools].map((poolId) => shutOut(parts, blocklists, { hostId, poolId }, step));
      return { blocklists: await Promise.all(shutOuts) };
    },

    async release(hostId, step, { wholly }) {
      const entries = await inStep(source, step, (tx) => readShutOut(tx, hostId));
      const reason = entries.length === 0 || wholly ? undefined : await whyStill(parts, hostId, step);
      if (reason !== undefined) return reason;
      for (const { poolId, address } of entries) {
        await blocklists.unblock({ poolId, address, hostId }, step);
        await inStep(source, step, (tx) => forgetShutOut(tx, { hostId, poolId, address }));
      }
      await inStep(source, step, (tx) => forgetOlderAddresses(tx, hostId));
      return undefined;
    },
  };
}

async function shutOut(
  { source }: Parts,
  blocklists: Blocklists,
  { hostId, poolId }: { readonly hostId: string; readonly poolId: string },
  step: StepRef,
): Promise<BlocklistEvidence> {
  const found = await inStep(source, step, (tx) => readStorageAddresses(tx, { hostId, poolId }));
  const registered = found.map(({ address }) => address);
  const evidence = { poolId, registered, listed: [], trouble: null };
  const shared = found.find(({ alsoOf }) => alsoOf.length > 0);
  // Shutting it out would shut the other one out.
  if (shared) return { ...evidence, trouble: `${shared.address} is also an address of ${shared.alsoOf.join(', ')}` };
  try {
    for (const address of registered) {
      await inStep(source, step, (tx) => noteShutOut(tx, { hostId, poolId, address }));
      await blocklists.block({ poolId, address, hostId }, step);
    }
    return { ...evidence, listed: registered.length === 0 ? [] : await blocklists.list(poolId, hostId) };
  } catch (error) {
    if (isDurastackError(error) && error.code !== 'SUPERSEDED') return { ...evidence, trouble: error.message };
    throw error;
  }
}

/** Why a host that was shut out must stay so; undefined: nothing of before runs there any more. */
async function whyStill({ source, agents }: Parts, hostId: string, step: StepRef): Promise<string | undefined> {
  const { name, isNewBoot } = await inStep(source, step, (tx) => readReturn(tx, hostId));
  const stays = `${name} stays shut out of its storage`;
  if (!isNewBoot) return `${stays} until it reports that it was started anew`;
  try {
    const { vms } = await agents.readFenced(hostId, 'getInventory', { pools: [] }, INVENTORY_MS);
    return vms.length === 0 ? undefined : `${stays} while ${vms.length} machines of before exist there`;
  } catch (error) {
    if (isDurastackError(error)) return `${stays} until it says what exists there: ${error.message}`;
    throw error;
  }
}

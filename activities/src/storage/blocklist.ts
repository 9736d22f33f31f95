/**
 * Fencing at the storage: the cluster of an RBD pool serves an address no more. The key that may do that is the control
 * plane's alone; the agent of a host that is not the one to be fenced uses it for one call and forgets it.
 */
import type { RbdPoolSpec } from '@durastack/contracts/agent/specs';
import { DurastackError } from '@durastack/contracts/errors';
import type { StepRef } from '@durastack/contracts/operations/step';
import type { SecretBox } from '@durastack/kit/secrets/secret-box';
import { autocommit, type Tx } from '@durastack/store/database/transaction';
import { POOL_SPEC_COLUMNS, toPoolSpec, type PoolSpecRow } from '@durastack/store/storage/pool-spec';
import type { DataSource } from 'typeorm';
import type { AgentGateway } from '../agent-gateway.js';
import { hostsInReachOfPool } from './pool-hosts.js';
import { poolSecretContext } from './pool-introduction.js';

const LIST_WITHIN_MS = 30_000;

/** What is fenced. */
export interface FencedAddress {
  readonly poolId: string;
  /** The address by which the host's clients are known to the cluster. */
  readonly address: string;
  /** The host at that address: it is never the one that is asked. */
  readonly hostId: string;
}

/** Blocklists of RBD pools' clusters. */
export interface Blocklists {
  /** No client at the address is served any more, for years; resolves when the cluster's list confirms it. */
  block(fenced: FencedAddress, step: StepRef): Promise<void>;
  /** Clients there are served again. Only on purpose: when nothing of the former runs there any more. */
  unblock(fenced: FencedAddress, step: StepRef): Promise<void>;
  /** Addresses that are shut out, as the cluster tells a host other than that one. */
  list(poolId: string, exceptHostId?: string): Promise<readonly string[]>;
}

/** What they are made with. */
export interface BlocklistParts {
  readonly source: DataSource;
  readonly box: SecretBox;
  readonly agents: AgentGateway;
}

interface Means {
  readonly hostIds: readonly string[];
  readonly params: { readonly pool: RbdPoolSpec; readonly fencing: { readonly user: string; readonly secret: string } };
}

/** Makes them. Every call throws NOT_ALLOWED_IN_STATE for a pool that cannot fence, NO_CAPACITY without another host. */
export function createBlocklists({ source, box, agents }: BlocklistParts): Blocklists {
  const db = autocommit(source);
  const means = (poolId: string, exceptHostId: string): Promise<Means> => readMeans(db, box, { poolId, exceptHostId });
  const act = async (
    verb: 'ensureBlocklisted' | 'ensureNotBlocklisted',
    { poolId, address, hostId }: FencedAddress,
    step: StepRef,
  ): Promise<void> => {
    const { hostIds, params } = await means(poolId, hostId);
    await firstThatAnswers(hostIds, (other) => agents.call(other, verb, { ...params, address }, step));
  };
  return {
    block: (fenced, step) => act('ensureBlocklisted', fenced, step),
    unblock: (fenced, step) => act('ensureNotBlocklisted', fenced, step),
    list: async (poolId, exceptHostId = '') => {
      const { hostIds, params } = await means(poolId, exceptHostId);
      const read = (host: string) => agents.read(host, 'getBlocklist', params, LIST_WITHIN_MS);
      return (await firstThatAnswers(hostIds, read)).addresses;
    },
  };
}

async function readMeans(
  tx: Tx,
  box: SecretBox,
  { poolId, exceptHostId }: { poolId: string; exceptHostId: string },
): Promise<Means> {
  const [row] = await tx.query<PoolSpecRow & { fencingUser: string | null; sealed: string | null }>(
    `SELECT ${POOL_SPEC_COLUMNS}, p.fencing_user AS fencingUser, p.fencing_secret_sealed AS sealed FROM storage_pool p WHERE p.id = ?`,
    [poolId],
  );
  if (!row) throw new DurastackError('NOT_FOUND', `There is no storage pool ${poolId}.`);
  const pool = toPoolSpec(row);
  if (pool.kind !== 'rbd' || row.fencingUser === null || row.sealed === null) {
    const text = `Hosts cannot be fenced at the storage pool ${poolId}: it has no fencing user (details fencinguser, fencingsecret).`;
    throw new DurastackError('NOT_ALLOWED_IN_STATE', text);
  }
  const hostIds = (await hostsInReachOfPool(tx, poolId)).filter((id) => id !== exceptHostId);
  const fencing = { user: row.fencingUser, secret: box.open(row.sealed, poolSecretContext(poolId)) };
  return { hostIds, params: { pool, fencing } };
}

/** Hosts are asked one after the other, those that are up first, until one answers. */
async function firstThatAnswers<T>(hostIds: readonly string[], ask: (hostId: string) => Promise<T>): Promise<T> {
  let last: unknown;
  for (const hostId of hostIds) {
    try {
      return await ask(hostId);
    } catch (error) {
      if (!(error instanceof DurastackError) || !error.retryable) throw error;
      last = error;
    }
  }
  throw last ?? new DurastackError('NO_CAPACITY', 'No other host reaches the storage pool; it cannot fence for us.');
}

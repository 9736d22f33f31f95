/** Whether neighbours still see a host that its management controller calls off: a check of the controller by another way. */
import { isDurastackError } from '@durastack/contracts/errors';
import type { SignOfLife } from '@durastack/model/ha/proof-evidence';
import { autocommit } from '@durastack/store/database/transaction';
import type { ActivityDependencies } from '../../dependencies.js';

const PEERS = 3;
const PEER_MS = 3_000;

interface Scene {
  readonly url: string | null;
  readonly peerId: string | null;
  readonly peerName: string | null;
  readonly nowMs: number;
}

/** Signs of life that neighbours see now. Who does not answer has seen nothing. */
export async function askPeers(
  { source, agents }: Pick<ActivityDependencies, 'source' | 'agents'>,
  hostId: string,
): Promise<SignOfLife[]> {
  const rows = await autocommit(source).query<Scene>(
    `SELECT h.agent_url AS url, p.id AS peerId, p.name AS peerName, ROUND(UNIX_TIMESTAMP(NOW(3)) * 1000) AS nowMs
       FROM host h LEFT JOIN host p ON p.cluster_id = h.cluster_id AND p.id <> h.id AND p.state = 'Up'
      WHERE h.id = ? ORDER BY p.last_heartbeat_at DESC LIMIT ?`,
    [hostId, PEERS],
  );
  const asked = rows.map(async ({ url, peerId, peerName, nowMs }): Promise<SignOfLife[]> => {
    if (url === null || peerId === null) return [];
    try {
      const { sees } = await agents.read(peerId, 'checkPeer', { hostId, url }, PEER_MS);
      return sees === 'nothing' ? [] : [{ what: `an answer to ${peerName}`, atMs: Number(nowMs) }];
    } catch (error) {
      if (isDurastackError(error)) return [];
      throw error;
    }
  });
  return (await Promise.all(asked)).flat();
}

/** Asks others about a host that has fallen silent. */
import { isDurastackError } from '@durastack/contracts/errors';
import type { PowerControllers } from '@durastack/contracts/infra/power-controller';
import type { SecretBox } from '@durastack/kit/secrets/secret-box';
import type { Logger } from '@durastack/kit/log/logger';
import type { PeerSight, Witnesses } from '@durastack/model/ha/detect';
import { autocommit } from '@durastack/store/database/transaction';
import { readNeighbours, type Neighbour, type WatchedHost } from '@durastack/store/ha/ha-scene';
import { readController } from '@durastack/store/oobm/controller-rows';
import type { DataSource } from 'typeorm';
import type { AgentGateway } from '../agent-gateway.js';
import { withLogin } from '../oobm/controller-login.js';

const PEERS = 3;
const PEER_MS = 3_000;
/** A controller that takes longer is no witness; the proof waits for it with more patience. */
const CONTROLLER_MS = 4_000;

/** What witnesses are asked with. */
export interface WitnessParts {
  readonly source: DataSource;
  readonly box: SecretBox;
  readonly agents: Pick<AgentGateway, 'read'>;
  readonly controllers: PowerControllers;
  readonly log: Logger;
}

/** What pools that hosts share tell of a host. */
export interface AskedPools {
  ask(host: WatchedHost, heardWithinMs: number): Promise<Witnesses['pools']>;
}

/** Asks all of them at once; whoever does not answer in time has said nothing. */
export async function askWitnesses(
  parts: WitnessParts & { readonly pools: AskedPools },
  host: WatchedHost,
  heardWithinMs: number,
): Promise<Witnesses> {
  const db = autocommit(parts.source);
  const neighbours = await readNeighbours(db, host, { heardWithinMs, most: PEERS });
  const [power, pools, ...sights] = await Promise.all([
    askController(parts, host),
    parts.pools.ask(host, heardWithinMs),
    ...neighbours.map((neighbour) => askPeer(parts, neighbour, host)),
  ]);
  return {
    power,
    neighbours: neighbours.length,
    peers: sights.flatMap((sees, index) => (sees === undefined ? [] : [{ name: neighbours[index]!.name, sees }])),
    pools,
  };
}

async function askPeer(
  { agents, log }: WitnessParts,
  neighbour: Neighbour,
  host: WatchedHost,
): Promise<PeerSight | undefined> {
  if (host.agentUrl === null) return undefined;
  try {
    return (await agents.read(neighbour.id, 'checkPeer', { hostId: host.id, url: host.agentUrl }, PEER_MS)).sees;
  } catch (error) {
    if (!isDurastackError(error)) throw error;
    log.debug({ error, neighbour: neighbour.name, host: host.name }, 'a neighbour could not say what it sees');
    return undefined;
  }
}

async function askController(
  { source, box, controllers, log }: WitnessParts,
  host: WatchedHost,
): Promise<Witnesses['power']> {
  const row = await readController(autocommit(source), host.id);
  if (!row?.isUsed) return 'unknown';
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<'Unknown'>((resolve) => {
    timer = setTimeout(() => resolve('Unknown'), CONTROLLER_MS);
  });
  const answer = withLogin(box, row, (login) => controllers.read(login)).catch((error: unknown) => {
    if (!isDurastackError(error)) throw error;
    log.debug({ error, host: host.name }, 'a management controller could not say whether its host has power');
    return 'Unknown' as const;
  });
  const power = await Promise.race([answer, tooLate]).finally(() => clearTimeout(timer));
  return power === 'Off' ? 'off' : power === 'On' ? 'on' : 'unknown';
}

/**
 * Whether a silent host may be fenced. Pure.
 *
 * Silence alone never is a reason, however many hosts are silent: somebody must have seen that this very host is dead.
 * And one who sees that it lives outweighs all who do not see it.
 */
import type { HostHaState } from '@durastack/contracts/infra/host-ha-states';

/** What a neighbour sees of a host's address: its agent, a machine without one, or nothing. */
export type PeerSight = 'agent' | 'machine' | 'nothing';

/** What others say about a host. */
export interface Witnesses {
  /** Its management controller: whether the host has power; unknown: none is configured, or it does not answer. */
  readonly power: 'on' | 'off' | 'unknown';
  /** Those that answered. */
  readonly peers: readonly { readonly name: string; readonly sees: PeerSight }[];
  /** How many neighbours there are that are heard themselves, as far as it matters. */
  readonly neighbours: number;
  /** Whether it goes on to write its heartbeat to pools that it shares with others; those that could be read. */
  readonly pools: readonly { readonly name: string; readonly heartbeat: 'goes on' | 'stopped' }[];
}

/** What the detector knows of a host that has fallen silent. */
export interface Silence {
  /** For how long, by the detector's own clock, and only while others could have been heard. */
  readonly silentMs: number;
  /** How often it has fallen silent lately, this time included. */
  readonly falls: number;
  /** What others said since; undefined: they have not answered yet. */
  readonly witnesses: Witnesses | undefined;
}

/** What follows. */
export interface Detection {
  readonly state: Extract<HostHaState, 'Suspect' | 'Checking' | 'Degraded' | 'Fencing'>;
  /** For operators. */
  readonly reason: string;
}

/** Witnesses among the neighbours that one host needs, where there are so many. */
const PEERS_NEEDED = 2;
/** A host that flaps has to be silent for so many windows at most. */
const MOST_WINDOWS = 4;

/**
 * For how long a host has to be silent, unless it is seen to be off: twice as long for each time that it fell silent
 * lately, up to a limit.
 */
export function silenceNeededMs(falls: number, windowMs: number): number {
  return windowMs * Math.min(MOST_WINDOWS, 2 ** Math.max(0, falls - 1));
}

/**
 * Decides.
 *
 * @param windowMs for how long a host that does not flap has to be silent
 */
export function detect({ silentMs, falls, witnesses }: Silence, windowMs: number): Detection {
  const neededMs = silenceNeededMs(falls, windowMs);
  const flapping = falls > 1 ? `, which is longer because it fell silent ${falls} times lately` : '';
  const alive = witnesses ? signsOfLife(witnesses) : [];
  // A network that comes and goes switches no host off: one that is off has not flapped, but died again.
  const isOff = witnesses?.power === 'off' && alive.length === 0;
  if (silentMs < (isOff ? windowMs : neededMs))
    return {
      state: 'Suspect',
      reason: `silent for less than ${seconds(neededMs)}${flapping}`,
    };
  const silent = `silent for more than ${seconds(isOff ? windowMs : neededMs)}`;
  if (!witnesses) return { state: 'Checking', reason: `${silent}; others are being asked` };
  if (alive.length > 0) {
    const doubt = witnesses.power === 'off' ? ', although its management controller says that it is off' : '';
    return { state: 'Degraded', reason: `${silent}, but it lives: ${alive.join('; ')}${doubt}` };
  }
  const dead = signsOfDeath(witnesses);
  if (dead.length > 0) return { state: 'Fencing', reason: `${silent}; ${dead.join('; ')}` };
  return { state: 'Checking', reason: `${silent}; nobody can say whether it lives: ${gaps(witnesses)}` };
}

const seconds = (ms: number): string => `${Math.round(ms / 100) / 10} s`;

function signsOfLife({ peers, pools }: Witnesses): string[] {
  return [
    ...peers.filter(({ sees }) => sees !== 'nothing').map(({ name, sees }) => `${name} reaches its ${sees}`),
    ...pools.filter(({ heartbeat }) => heartbeat === 'goes on').map(({ name }) => `it writes to the pool ${name}`),
  ];
}

function signsOfDeath({ power, peers, neighbours, pools }: Witnesses): string[] {
  const blind = peers.filter(({ sees }) => sees === 'nothing').map(({ name }) => name);
  const enough = blind.length > 0 && blind.length >= Math.min(PEERS_NEEDED, neighbours);
  const stopped = pools.filter(({ heartbeat }) => heartbeat === 'stopped').map(({ name }) => name);
  return [
    ...(power === 'off' ? ['its management controller says that it is off'] : []),
    ...(enough ? [`${blind.join(' and ')} see nothing of it`] : []),
    ...(stopped.length > 0 ? [`it has stopped writing to the pool ${stopped.join(' and ')}`] : []),
  ];
}

function gaps({ power, peers, neighbours }: Witnesses): string {
  const said =
    power === 'unknown' ? 'no management controller answers' : 'its management controller says that it is on';
  const asked = neighbours === 0 ? 'no neighbour is heard' : `${peers.length} of ${neighbours} neighbours answered`;
  return `${said}, ${asked}, no shared pool tells`;
}

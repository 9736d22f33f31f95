/** How a machine stands on the two hosts of its migration, and what follows from that. */
import { DurastackError, isDurastackError } from '@durastack/contracts/errors';
import type { StepRef } from '@durastack/contracts/operations/step';
import { judgeMigration, type KnownSide, type MigrationVerdict } from '@durastack/model/migration/judge-migration';
import type { ActivityDependencies } from '../dependencies.js';
import type { MigrationRow } from './migration-rows.js';

type Agents = ActivityDependencies['agents'];

/** As one host tells of it. */
interface Side {
  readonly side: KnownSide;
  readonly ongoing?: true | undefined;
  /** By post-copy: what has not gone yet. */
  readonly remainingBytes?: number | undefined;
  readonly broken?: true | undefined;
}

/** A post-copy goes on, unless one side is dead: then the other one does not know that yet. */
function jobsOf(source: Side, destination: Side): 'ended' | 'running' {
  if (source.side === 'fenced' || destination.side === 'fenced') return 'ended';
  return source.ongoing === true || destination.ongoing === true ? 'running' : 'ended';
}

/** What is concluded; what needs a person is thrown. */
export interface Judged {
  readonly verdict: Exclude<MigrationVerdict, 'attention'>;
  readonly remainingBytes?: number | undefined;
}

/** Nothing is there that could go on. */
const ENDED: ReadonlySet<KnownSide> = new Set(['off', 'absent', 'fenced']);

/** Once nothing is at work on it there but a post-copy. Raises the token on that host. */
async function sideOn(agents: Agents, hostId: string, vmId: string, step: StepRef): Promise<Side> {
  try {
    return await agents.call(hostId, 'endMigration', { vmId }, step);
  } catch (error) {
    if (isDurastackError(error, 'HOST_FENCED')) return { side: 'fenced' };
    throw error;
  }
}

/**
 * Asks both, and concludes.
 *
 * @throws DurastackError STEP_REFUSED when a person has to look; HOST_UNREACHABLE while one does not answer
 */
export async function judgeSides(
  agents: Agents,
  { row, movesDisks }: { readonly row: MigrationRow; readonly movesDisks: boolean },
  step: StepRef,
): Promise<Judged> {
  const { vmId, sourceHostId, destinationHostId } = row;
  // The source leads: once it has ended, nobody can let the copy run any more.
  const source = await sideOn(agents, sourceHostId, vmId, step);
  const destination = await sideOn(agents, destinationHostId, vmId, step);
  const [{ side: atSource, remainingBytes }, { side: atDestination }] = [source, destination];
  const disks = movesDisks ? 'move' : 'stay';
  const broken = source.broken === true && source.ongoing !== true;
  const verdict = judgeMigration(atSource, atDestination, { jobs: jobsOf(source, destination), disks, broken });
  if (verdict === 'ask-again' && atSource === 'left') return { verdict: 'arriving', remainingBytes };
  // It had gone: a source that died or was cleared since has nothing to go on with.
  if (verdict === 'at-source' && step.direction === 'past-pivot' && ENDED.has(atSource)) return { verdict: 'lost' };
  if (verdict !== 'attention') return { verdict, remainingBytes };
  const text = `The machine ${vmId} is ${atSource} on its old host and ${atDestination} on its new one; nothing was ended.`;
  throw new DurastackError('STEP_REFUSED', `${text} Find out which one is right, end the other, then retry.`);
}

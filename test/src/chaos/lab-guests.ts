/** Machines that a run has left on a lab: whether each is there once, or not at all, by what runs and by its disk. */
import { setTimeout as sleep } from 'node:timers/promises';
import { asDurastackError } from '@durastack/contracts/errors';
import { autocommit } from '@durastack/store/database/transaction';
import type { DataSource } from 'typeorm';
import type { LabFixture } from '../lab/use-lab.js';

interface Guest {
  readonly id: string;
  readonly name: string;
  readonly state: string;
  readonly desiredPower: string;
  readonly wasDeployed: number;
  readonly wasDestroyed: number;
}

/** HA starts anew what crashed, or what was on a host that lost its power, ten seconds after the last start. */
const RUNS_WITHIN_MS = 90_000;
const POLL_MS = 1_000;

/** @returns a sentence for each that ran twice or is lost */
export async function lookAtGuests(
  lab: LabFixture,
  source: DataSource,
  accountIds: readonly string[],
): Promise<string[]> {
  const until = performance.now() + RUNS_WITHIN_MS;
  for (;;) {
    const guests = await readGuests(source, accountIds);
    const lost = guests.flatMap((guest) => whatIsLost(lab, guest));
    if (lost.length > 0 && performance.now() < until) {
      await sleep(POLL_MS);
      continue;
    }
    const twice = lab.witness.violations.map(
      ({ guest, at, pids }) => `${guest} ran twice at ${at}: processes ${pids.join(', ')}`,
    );
    return [...lost, ...twice, ...(await readDisks(lab, guests))];
  }
}

function readGuests(source: DataSource, accountIds: readonly string[]): Promise<Guest[]> {
  const operation = (kind: string, state: string) =>
    `EXISTS (SELECT 1 FROM operation o WHERE o.resource_id = v.id AND o.kind = '${kind}' AND o.state ${state})`;
  return autocommit(source).query<Guest>(
    `SELECT v.id, v.name, v.state, v.desired_power AS desiredPower, ${operation('deployVirtualMachine', "= 'succeeded'")} AS wasDeployed,
       ${operation('destroyVirtualMachine', "<> 'cancelled'")} OR ${operation('expungeVirtualMachine', "<> 'cancelled'")} AS wasDestroyed
     FROM virtual_machine v WHERE v.account_id IN (?) ORDER BY v.id`,
    [accountIds],
  );
}

function whatIsLost(lab: LabFixture, { id, name, state, desiredPower, wasDeployed, wasDestroyed }: Guest): string[] {
  const copies = lab.witness.copies(id).length;
  const about = `${name} (${id}) is ${state}, wanted ${desiredPower}, with ${copies} processes`;
  if (copies > 1 || (copies === 1 && state !== 'Running')) return [about];
  if (Number(wasDeployed) === 0 || Number(wasDestroyed) === 1) return [];
  const isThere = state === 'Running' ? copies === 1 : state === 'Stopped' && desiredPower === 'off';
  return isThere ? [] : [about];
}

async function readDisks(lab: LabFixture, guests: readonly Guest[]): Promise<string[]> {
  const found: string[] = [];
  for (const { id, name, state, wasDeployed } of guests) {
    if (Number(wasDeployed) === 0 || (state !== 'Running' && state !== 'Stopped')) continue;
    try {
      const log = await lab.diskLog({ id, name, address: '' });
      if (log.isInterleaved)
        found.push(`the disk of ${name} (${id}) was written by two: ${log.alarm ?? log.runs.join(', ')}`);
    } catch (error) {
      found.push(`the disk of ${name} (${id}) cannot be read: ${asDurastackError(error).message}`);
    }
  }
  return found;
}

/** Repair of drift between what is recorded and what was seen: facts are recorded, nothing is undone. */
import type { DataSource } from 'typeorm';
import { transaction } from '../database/transaction.js';
import { transitionIfAllowed } from './state-rows.js';

const OBSERVED = [
  { state: 'Running', observed: ['off', 'absent'], event: 'PoweredOffOnHost' },
  { state: 'Stopped', observed: ['running', 'paused'], event: 'PoweredOnOnHost' },
] as const;

/** Machines whose guest was stopped or started behind our back, and for which no operation runs. Returns their ids. */
export async function recordPowerDrift(source: DataSource): Promise<string[]> {
  const recorded: string[] = [];
  for (const { state, observed, event } of OBSERVED) {
    const rows = await transaction(source, (tx) =>
      tx.query<{ id: string }>(
        `SELECT id FROM virtual_machine WHERE state = ? AND observed_power IN (?, ?) AND operation_id IS NULL AND host_id IS NOT NULL LIMIT 500`,
        [state, ...observed],
      ),
    );
    for (const { id } of rows) {
      const done = await transaction(source, async (tx) => {
        const current = await tx.query<{ operation_id: string | null; observed_power: string }>(
          'SELECT operation_id, observed_power FROM virtual_machine WHERE id = ? FOR UPDATE',
          [id],
        );
        if (
          !current[0] ||
          current[0].operation_id !== null ||
          !(observed as readonly string[]).includes(current[0].observed_power)
        )
          return false;
        return transitionIfAllowed(tx, { type: 'virtual-machine', id }, event);
      });
      if (done) recorded.push(id);
    }
  }
  return recorded;
}

/** Repair of drift between what is recorded and what was seen: facts are recorded, nothing is undone. */
import type { PowerState } from '@durastack/contracts/agent/specs';
import type { DataSource } from 'typeorm';
import { transaction, type Tx } from '../database/transaction.js';
import { transitionIfAllowed } from './state-rows.js';

const EVENTS = {
  Running: { observed: ['off', 'absent'], event: 'PoweredOffOnHost' },
  Stopped: { observed: ['running', 'paused'], event: 'PoweredOnOnHost' },
} as const;

/** A machine whose recorded state does not fit the power that was reported for it. */
export interface PowerDrift {
  readonly id: string;
  readonly hostId: string;
  readonly state: keyof typeof EVENTS;
  readonly observedPower: string;
  readonly observedAt: string | null;
}

/** How many machines are looked at in one go. */
const AT_ONCE = 200;

/**
 * Machines without an operation whose guest seems to have been stopped or started behind our back.
 *
 * @param afterId looks at those behind this one
 * @returns some of them, and where the next look goes on; '' from the beginning
 */
export async function readPowerDrifts(tx: Tx, afterId = ''): Promise<{ drifts: PowerDrift[]; nextId: string }> {
  const conditions = Object.entries(EVENTS).map(
    ([state, { observed }]) => `(state = '${state}' AND observed_power IN ('${observed.join("','")}'))`,
  );
  const drifts = await tx.query<PowerDrift>(
    `SELECT id, host_id AS hostId, state, observed_power AS observedPower, CAST(observed_at AS CHAR) AS observedAt FROM virtual_machine
      WHERE (${conditions.join(' OR ')}) AND operation_id IS NULL AND host_id IS NOT NULL AND id > ? ORDER BY id LIMIT ${AT_ONCE}`,
    [afterId],
  );
  return { drifts, nextId: drifts.length < AT_ONCE ? '' : (drifts.at(-1)?.id ?? '') };
}

/**
 * Records what the host says now. A report may have been on its way while an operation changed the machine, so
 * it is only a hint: the host was asked anew, and its answer counts unless the machine was touched meanwhile.
 *
 * @returns whether the machine's state was changed
 */
export async function recordPower(source: DataSource, drift: PowerDrift, power: PowerState): Promise<boolean> {
  return transaction(source, async (tx) => {
    const [row] = await tx.query<{ operationId: string | null; observedAt: string | null }>(
      'SELECT operation_id AS operationId, CAST(observed_at AS CHAR) AS observedAt FROM virtual_machine WHERE id = ? AND host_id = ? FOR UPDATE',
      [drift.id, drift.hostId],
    );
    if (!row || row.operationId !== null || row.observedAt !== drift.observedAt) return false;
    await tx.execute('UPDATE virtual_machine SET observed_power = ?, observed_at = NOW(3) WHERE id = ?', [
      power,
      drift.id,
    ]);
    const { observed, event } = EVENTS[drift.state];
    if (!(observed as readonly string[]).includes(power)) return false;
    return transitionIfAllowed(tx, { type: 'virtual-machine', id: drift.id }, event);
  });
}

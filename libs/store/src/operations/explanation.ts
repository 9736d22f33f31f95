import type { PlacementExplanation } from '@durastack/contracts/compute/placement';
import type { Tx } from '../database/transaction.js';

/** Keeps why an operation found no host. Its error says it in one sentence; this is what administrators see beside it. */
export async function noteExplanation(tx: Tx, operationId: string, explanation: PlacementExplanation): Promise<void> {
  await tx.execute('UPDATE operation SET explanation_json = ? WHERE id = ?', [
    JSON.stringify(explanation),
    operationId,
  ]);
}

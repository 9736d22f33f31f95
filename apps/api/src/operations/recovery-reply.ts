import type { ResultOf } from '@durastack/contracts/command';
import type { getRecovery } from '@durastack/contracts/operations/get-recovery';
import type { Tx } from '@durastack/store/database/transaction';
import { readRecoveryReport } from '@durastack/store/recovery/recovery-view';

/** Recovery as it is answered. */
export async function recoveryReply(tx: Tx): Promise<ResultOf<typeof getRecovery>> {
  const { state, awaited, findings, ...counts } = await readRecoveryReport(tx);
  return {
    active: state !== undefined,
    waitsForCommand: state?.confirmed === false,
    ...(state ? { reason: state.reason, startedAt: state.startedAt } : {}),
    ...counts,
    awaited: awaited.map(({ id, name, error }) => ({ id, name, ...(error === null ? {} : { error }) })),
    findings: [...findings],
  };
}

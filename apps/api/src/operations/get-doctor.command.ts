import { setTimeout as sleep } from 'node:timers/promises';
import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { getDoctor } from '@durastack/contracts/operations/get-doctor';
import { autocommit, transaction, type Tx } from '@durastack/store/database/transaction';
import { readLastCheck, readSeenFindings, wantCheck, type KeptFinding } from '@durastack/store/doctor/checks';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';

const FRESH_WITHIN_MS = 30_000;
const POLL_MS = 250;
const HINT_TIMEOUT_MS = 2_000;

interface Finding extends KeptFinding {
  readonly severity: 'error' | 'warning';
  readonly where: string;
  readonly since: string | null;
  readonly likelyCause: string;
  readonly fix: { readonly description: string; readonly automatic: boolean };
}

/** Says what the latest check of the doctor found. The API asks no host and no Temporal: a worker does. */
@Handles(getDoctor)
export class GetDoctorHandler implements CommandHandler<typeof getDoctor> {
  constructor(private readonly platform: Platform) {}

  async execute(_call: Call, params: ParamsOf<typeof getDoctor>): Promise<ResultOf<typeof getDoctor>> {
    const tx = autocommit(this.platform.database);
    const wish = params.fresh === true ? await this.askAnew() : undefined;
    if (wish?.heard) await untilChecked(tx, wish.wantedAt);
    const last = await readLastCheck(tx);
    const seen = await readSeenFindings<Finding>(tx);
    return {
      fresh: wish !== undefined && last !== undefined && last.checkedAt >= wish.wantedAt,
      ...(last
        ? {
            checkedAt: last.checkedAt,
            durationMs: last.durationMs,
            comparedTemporal: last.comparedTemporal,
            hostCount: last.hosts.asked,
            answeredCount: last.hosts.answered,
          }
        : {}),
      findings: seen.map(({ finding, firstSeenAt }) => ({
        id: finding.id,
        kind: finding.kind,
        severity: finding.severity,
        resourceType: finding.resource.type,
        resourceId: finding.resource.id,
        where: finding.where,
        what: finding.what,
        since: finding.since ?? firstSeenAt.toISOString(),
        likelyCause: finding.likelyCause,
        fix: finding.fix.description,
        automatic: finding.fix.automatic,
      })),
    };
  }

  /**
   * Asks for a check; the row makes it certain, the hint makes it immediate.
   *
   * @returns the moment of asking, and whether there is a worker that may have heard it
   */
  private async askAnew(): Promise<{ wantedAt: string; heard: boolean }> {
    const wantedAt = await transaction(this.platform.database, wantCheck);
    const [lease] = await autocommit(this.platform.database).query<{ hint_url: string | null }>(
      "SELECT hint_url FROM lease WHERE name = 'doctor' AND expires_at > NOW(3)",
    );
    if (lease?.hint_url) {
      try {
        const reply = await fetch(lease.hint_url, { method: 'POST', signal: AbortSignal.timeout(HINT_TIMEOUT_MS) });
        await reply.body?.cancel();
      } catch (error) {
        this.platform.log.debug({ error }, 'the doctor did not take a hint; its next look finds the wish');
      }
    }
    return { wantedAt, heard: lease !== undefined };
  }
}

async function untilChecked(tx: Tx, wantedAt: string): Promise<void> {
  const until = performance.now() + FRESH_WITHIN_MS;
  while (performance.now() < until) {
    const last = await readLastCheck(tx);
    if (last && last.checkedAt >= wantedAt) return;
    await sleep(POLL_MS);
  }
}

import { FINDING_KINDS } from '@durastack/activities/doctor/finding-kinds';
import type { Logger } from '@durastack/kit/log/logger';
import { autocommit } from '@durastack/store/database/transaction';
import { countFindings, readLastCheck } from '@durastack/store/doctor/checks';
import { Gauge, type Registry } from 'prom-client';

type Database = Parameters<typeof autocommit>[0];

/** The latest check of the doctor as Prometheus sees it: the same from every worker, as it is in the database. */
export function registerDoctorMetrics(register: Registry, source: Database, log: Logger): void {
  const db = autocommit(source);
  const unknown = (gauge: Gauge) => (error: unknown) => {
    gauge.reset();
    log.debug({ error }, 'the latest check of the doctor could not be read');
  };
  new Gauge({
    name: 'durastack_doctor_findings',
    help: 'Disagreements between database, Temporal and hosts in the latest check',
    labelNames: ['kind', 'severity'],
    registers: [register],
    async collect() {
      try {
        const counts = new Map((await countFindings(db)).map(({ kind, count }) => [kind, Number(count)]));
        for (const [kind, { severity }] of Object.entries(FINDING_KINDS))
          this.set({ kind, severity }, counts.get(kind) ?? 0);
      } catch (error) {
        unknown(this)(error);
      }
    },
  });
  new Gauge({
    name: 'durastack_doctor_last_check_timestamp_seconds',
    help: 'When the latest check began',
    registers: [register],
    async collect() {
      try {
        const last = await readLastCheck(db);
        if (last) this.set(Date.parse(last.checkedAt) / 1000);
        else this.reset();
      } catch (error) {
        unknown(this)(error);
      }
    },
  });
}

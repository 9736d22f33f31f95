import type { Tx } from '@durastack/store/database/transaction';
import type { Client } from '@temporalio/client';
import type { Finding } from './finding.js';
import type { Visits } from './host-visits.js';

/** What every check looks at: rows are read by each, after the hosts were visited. */
export interface Examination {
  readonly db: Tx;
  readonly visits: Visits;
  /** Absent: Temporal is not compared. */
  readonly temporal: Client | undefined;
}

/** Looks at one area. */
export type Check = (examination: Examination) => Promise<Finding[]>;

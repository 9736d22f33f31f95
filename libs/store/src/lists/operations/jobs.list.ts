import { tagTypeName, tagTypeOf } from '@durastack/contracts/identity/tagged-resources';
import { ERROR_KINDS, isErrorCode } from '@durastack/contracts/errors';
import { listAsyncJobs } from '@durastack/contracts/operations/list-async-jobs';
import type { TransferProgress } from '@durastack/contracts/operations/transfer-progress';
import type { ResourceType } from '@durastack/contracts/resources';
import { isOpenSql } from '../../operations/open-operations.js';
import { OWNED, OWNER_COLUMNS, OWNER_JOINS } from '../engine/columns.js';
import { defineList } from '../engine/define-list.js';
import { moment } from '../engine/moment.js';
import { sql } from '../engine/sql.js';

const SUCCEEDED = new Set(['succeeded', 'skipped']);
const OPEN = new Set(['queued', 'granted', 'running']);

/** Operations, as jobs of CloudStack's clients. */
export const jobs = defineList({
  command: listAsyncJobs,
  table: 'operation',
  isLog: true,
  joins: OWNER_JOINS,
  scope: OWNED,
  columns: {
    jobId: 'b.id',
    accountId: 'b.account_id',
    ...{ account: OWNER_COLUMNS.account, domainId: OWNER_COLUMNS.domainId, domainPath: OWNER_COLUMNS.domainPath },
    userId: 'b.user_id',
    created: 'b.created_at',
    completed: 'b.ended_at',
    jobInstanceId: 'b.resource_id',
    state: 'b.state',
    summary: 'b.summary',
    step: 'b.step_title',
    stepCount: 'NULLIF(b.step_count, 0)',
    detail: 'b.step_detail',
    cmd: 'b.kind',
  },
  extra: {
    id: 'b.id',
    kind: 'b.resource_type',
    stateNow: 'b.state',
    index: 'b.step_index',
    count: 'b.step_count',
    error: 'b.error_code',
    message: 'b.error_message',
    progressJson: 'b.progress_json',
  },
  map: (row) => {
    const state = String(row['stateNow']);
    const count = Number(row['count']);
    const index = Number(row['index']);
    const done = SUCCEEDED.has(state);
    const open = OPEN.has(state);
    const kind = ERROR_KINDS[isErrorCode(row['error']) ? row['error'] : 'BUG'];
    const error = {
      errorcode: kind.cloudStackCode,
      errortext: String(row['message'] ?? `The operation ended as ${state}.`),
    };
    return {
      jobStatus: open ? 0 : done ? 1 : 2,
      jobProcStatus: done ? 100 : count > 0 ? Math.min(99, Math.floor((100 * index) / count)) : 0,
      jobResultCode: open || done ? 0 : kind.cloudStackCode,
      jobInstanceType: tagTypeName(row['kind'] as ResourceType),
      ...(count > 0 ? { stepNumber: index + 1 } : {}),
      ...(row['progressJson'] ? { progress: JSON.parse(String(row['progressJson'])) as TransferProgress } : {}),
      ...(open || done ? {} : { jobResultType: 'object', jobResult: error }),
    };
  },
  filters: {
    startDate: (date) => sql`b.created_at >= ${moment(date, 'startdate')}`,
    resourceType: (name) => sql`b.resource_type = ${tagTypeOf(name) ?? name.toLowerCase()}`,
    resourceId: 'b.resource_id',
  },
  without: { startDate: isOpenSql('b') },
  keyword: ['b.summary', 'b.kind'],
});

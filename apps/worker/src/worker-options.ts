import type { WorkerOptions } from '@temporalio/worker';

/** Activities that may be under way beside those of operations at work: calls to hosts that do not answer. */
const BESIDE_OPERATIONS = 500;

/**
 * How a worker polls and what it holds; also of the bare worker that benchmarks compare with.
 *
 * @param operationsAtOnce operations that run at once, each with at most one activity under way
 */
export function workerOptions(operationsAtOnce: number) {
  return {
    // More than are at work at once: one that falls out of the cache is replayed from its history.
    maxCachedWorkflows: 300,
    // A dead worker's workflows wait so long for it before another one takes them up; the default is 10 s.
    stickyQueueScheduleToStartTimeout: 3_000,
    maxConcurrentWorkflowTaskExecutions: 40,
    // Fewer than connections to the database, or they would wait for those within their short time-out.
    maxConcurrentLocalActivityExecutions: 20,
    maxConcurrentActivityTaskExecutions: operationsAtOnce + BESIDE_OPERATIONS,
  } satisfies Partial<WorkerOptions>;
}

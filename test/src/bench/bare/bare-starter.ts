/** Starts bare workflows, as the dispatcher starts operations: `node bare-starter.js ADDRESS`. A process of its own. */
import { randomUUID } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';

/** What to start. */
export interface StartOrder {
  readonly count: number;
  readonly atOnce: number;
  readonly shape: readonly string[];
}

const connection = await Connection.connect({ address: process.argv[2]! });
const client = new Client({ connection });

async function startAll({ count, atOnce, shape }: StartOrder): Promise<void> {
  let left = count;
  const lane = async () => {
    while (left-- > 0) {
      const workflowId = randomUUID();
      await client.workflow.start('bare', {
        workflowId,
        taskQueue: 'bare',
        args: [{ of: workflowId, shape }],
        workflowIdReusePolicy: 'REJECT_DUPLICATE',
        workflowIdConflictPolicy: 'FAIL',
        workflowTaskTimeout: 3_000,
      });
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, lane));
}

process.on('message', (order: StartOrder) => {
  void startAll(order).then(() => process.send?.({ started: order.count }));
});
process.send?.({ ready: true });

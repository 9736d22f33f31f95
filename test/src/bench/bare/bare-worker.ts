/**
 * The worker of the bare workflow, a process of its own: `node bare-worker.js ADDRESS BUNDLE`. Same slots as
 * the product's worker. Told to expect a number of endings, it says when they have all come.
 */
import { workerOptions } from '@durastack/worker/worker-options';
import { NativeConnection, Runtime, Worker } from '@temporalio/worker';

const [address, codePath] = process.argv.slice(2) as [string, string];
const quiet = () => undefined;
Runtime.install({ logger: { log: quiet, trace: quiet, debug: quiet, info: quiet, warn: quiet, error: quiet } });

let expected = Infinity;
let ended = 0;
/** Told how many steps a workflow has, so that its last one can be recognised. */
let lastIndex = 0;
process.on('message', (message: { expect: number; steps: number }) => {
  ended = 0;
  expected = message.expect;
  lastIndex = message.steps - 1;
});

const activities = {
  async nothing({ index }: { index: number }): Promise<{ done: true }> {
    if (index === lastIndex) {
      ended += 1;
      if (ended === expected) process.send?.({ reached: ended });
    }
    return { done: true };
  },
};

const connection = await NativeConnection.connect({ address });
const worker = await Worker.create({
  ...workerOptions(500),
  connection,
  activities,
  taskQueue: 'bare',
  workflowBundle: { codePath },
});
process.send?.({ ready: true });
await worker.run();

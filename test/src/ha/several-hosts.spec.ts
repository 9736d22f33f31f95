/** Half of a cluster dies at once: its machines are started elsewhere, and no host waits for a look of its own to end. */
import { workflowId } from '@durastack/activities/loops/dispatcher';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually } from '../support/basis.js';
import { untilLocksAreProven } from '../support/proven-locks.js';
import { HaCloud } from './ha-cloud.js';

const LIMIT_MS = 300_000;
const LONG_MS = 120_000;
const LOST = 5;

let ha: HaCloud;
beforeAll(async () => {
  ha = await HaCloud.start({ hosts: LOST * 2 });
}, LIMIT_MS);
afterAll(() => ha?.stop());

/** How often an operation's workflow was told that there is something to do. */
async function timesTold(client: Client, operation: { id: string; run: number }): Promise<number> {
  const { events } = await client.workflow.getHandle(workflowId(operation)).fetchHistory();
  return (events ?? []).filter((event) => event.workflowExecutionSignaledEventAttributes?.signalName === 'look').length;
}

it(
  'has its machines elsewhere, and what failed the hosts over is told when the last of them runs',
  async () => {
    const lost = ha.basis.hostIds.slice(0, LOST);
    const machines: string[] = [];
    for (const hostId of lost) machines.push(await ha.deploy(hostId), await ha.deploy(hostId));
    for (const hostId of lost) await ha.until(hostId, 'Available');
    await untilLocksAreProven(ha.db, ha.basis);
    await Promise.all(lost.map((hostId) => ha.setPower(hostId, false)));
    const failOvers = () =>
      ha.db.query<{ id: string; run: number; state: string }>(
        "SELECT id, run, state FROM operation WHERE kind = 'failOverHost'",
      );
    const ended = async () => (await failOvers()).filter(({ state }) => state === 'succeeded').length;
    await eventually('every host having been failed over', async () => (await ended()) === LOST, LONG_MS);
    for (const id of machines) {
      const machine = await ha.machine(id);
      expect(machine).toMatchObject({ state: 'Running' });
      expect(lost).not.toContain(machine['hostid']);
    }
    const connection = await Connection.connect({ address: ha.cloud.temporalAddress });
    try {
      const client = new Client({ connection });
      const told = await Promise.all((await failOvers()).map((operation) => timesTold(client, operation)));
      // One may just have looked by itself.
      expect(told.reduce((sum, times) => sum + times, 0)).toBeGreaterThan(0);
    } finally {
      await connection.close();
    }
    expect(await ha.inconsistencies()).toEqual([]);
  },
  LIMIT_MS,
);

import type { HostFacts } from '@durastack/contracts/agent/specs';
import { describe, expect, it } from 'vitest';
import { UseAverages } from './use-averages.js';

const FACTS: HostFacts = {
  ...{ hypervisor: 'Simulator', accelerator: 'none', hypervisorVersion: '1', agentVersion: '1', bootId: 'b' },
  ...{ cpuCount: 4, cpuMhz: 1_000, memoryMib: 8_192 },
};
const USAGE = { cpuPercent: 50, memoryUsedMib: 2_048 };
const MINUTE = 60_000;

function scene() {
  let nowMs = 1_000;
  let machines = [{ id: 'vm', cpuMhz: 1_000, memoryMib: 512 }];
  let asked = 0;
  const driver = { machineUse: async () => ((asked += 1), machines) };
  const averages = new UseAverages(driver, () => nowMs);
  return {
    asked: () => asked,
    averages,
    after: (ms: number, use: typeof machines = machines) => {
      nowMs += ms;
      machines = use;
      return averages.next(FACTS, USAGE);
    },
  };
}

describe('what a host uses', () => {
  it('is told at once, after a minute, then every five, and measured every minute between', async () => {
    const { after, asked } = scene();
    expect(await after(0)).toEqual({
      cpuMhz: 2_000,
      memoryMib: 2_048,
      machines: [{ id: 'vm', cpuMhz: 1_000, memoryMib: 512 }],
    });
    expect(await after(10_000)).toBeUndefined();
    expect(asked()).toBe(1);
    expect(await after(MINUTE)).toMatchObject({ machines: [{ id: 'vm' }] });
    for (let minute = 1; minute < 5; minute += 1) expect(await after(MINUTE)).toBeUndefined();
    expect(await after(MINUTE)).toMatchObject({ machines: [{ id: 'vm' }] });
    expect(asked()).toBe(7);
  });

  it('is an average: a minute of load counts for little, an hour for nearly all; who has gone is forgotten', async () => {
    const { after, averages } = scene();
    await after(0);
    averages.lost();
    const busy = [{ id: 'vm', cpuMhz: 2_000, memoryMib: 512 }];
    const soon = await after(MINUTE, busy);
    expect(soon?.machines[0]?.cpuMhz).toBeGreaterThan(1_000);
    expect(soon?.machines[0]?.cpuMhz).toBeLessThan(1_200);
    averages.lost();
    expect((await after(60 * MINUTE, busy))?.machines[0]?.cpuMhz).toBeGreaterThan(1_950);
    averages.lost();
    expect((await after(MINUTE, []))?.machines).toEqual([]);
  });
});

/** A short `dura chaos --lab`, on the lab of all lab specs; see docs/durability.md for what is judged. */
import { expect, it } from 'vitest';
import { labWorld } from '../chaos/lab-world.js';
import { render, type RunWishes } from '../chaos/report.js';
import { runChaos } from '../chaos/run.js';
import { SHAPES } from '../chaos/shapes.js';
import { LAB_TIMEOUT_MS, useLab } from './use-lab.js';

const WISHES: RunWishes = { operations: 24, seed: 4, hosts: 'lab' };

it('keeps every promise through 24 operations while hosts lose their power', { timeout: LAB_TIMEOUT_MS }, async () => {
  const lab = await useLab({ ceph: true });
  const world = await labWorld(lab);
  try {
    const report = await runChaos(world, { wishes: WISHES, shape: SHAPES.lab }, () => undefined);
    process.stdout.write(`${render(report).join('\n')}\n`);
    expect(report.violations, render(report).join('\n')).toEqual([]);
    // A run that did nothing would keep every promise too.
    expect(report.calls['accepted']).toBeGreaterThan(WISHES.operations / 2);
    expect(report.faults['power']).toBeGreaterThan(0);
  } finally {
    await world.stop();
  }
});

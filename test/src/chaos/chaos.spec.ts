/** Short runs of `dura chaos`; see docs/durability.md for what they judge, and the command for long ones. */
import { expect, it } from 'vitest';
import { startLibvirtWorld } from './libvirt-world.js';
import { render, type RunWishes } from './report.js';
import { runChaos } from './run.js';
import { SHAPES } from './shapes.js';
import { startSimulatedWorld } from './simulated-world.js';
import type { ChaosWorld } from './world.js';

const quiet = (): void => undefined;

async function expectPromisesKept(wishes: RunWishes, start: () => Promise<ChaosWorld>): Promise<void> {
  const world = await start();
  try {
    const report = await runChaos(world, { wishes, shape: SHAPES[wishes.hosts] }, quiet);
    expect(report.violations, render(report).join('\n')).toEqual([]);
    // A run that did nothing would keep every promise too.
    expect(report.calls['accepted']).toBeGreaterThan(wishes.operations / 2);
    expect(report.starts).toBeGreaterThan(0);
    expect(Object.keys(report.struck).length).toBeGreaterThan(0);
  } finally {
    await world.stop();
  }
}

it('keeps every promise through 200 operations on simulated hosts', async () => {
  await expectPromisesKept({ operations: 200, seed: 4, hosts: 'simulator' }, startSimulatedWorld);
}, 600_000);

it('keeps every promise through 20 operations on real guests', async () => {
  await expectPromisesKept({ operations: 20, seed: 4, hosts: 'libvirt' }, () => startLibvirtWorld(quiet));
}, 600_000);

/** What holds for a counter guest after anything that was done to it. */
import { expect } from 'vitest';
import { eventually } from '../support/basis.js';
import type { LabFixture, LabVm } from './use-lab.js';

/**
 * It runs in one place, the one that is recorded; it was never started again and counts on; nobody else has written to
 * its disk; and the doctor has nothing to say.
 *
 * @param nonce of the boot that it had before
 * @returns the name of its host
 */
export async function expectInOnePlace(lab: LabFixture, vm: LabVm, nonce: string): Promise<string> {
  const host = await eventually(`${vm.name} runs where it is recorded`, async () => {
    const name = await lab.hostOf(vm).catch(() => undefined);
    return name !== undefined && (await lab.domainIds(name)).includes(vm.id) ? name : undefined;
  });
  for (const other of lab.hosts.filter((name) => name !== host))
    expect(await lab.domainIds(other), other).not.toContain(vm.id);
  await eventually('one QEMU', () => Promise.resolve(lab.witness.copies(vm.id).length === 1));
  const first = await lab.untilCounting(vm);
  // Its console tells whether it crashed itself, or somebody started it anew.
  expect(first.nonce, first.nonce === nonce ? '' : await lab.consoles(vm)).toBe(nonce);
  await eventually('it counts on', async () => (await lab.untilCounting(vm)).count > first.count);
  expect(lab.witness.violations).toEqual([]);
  expect((await lab.diskLog(vm, host)).isInterleaved).toBe(false);
  await lab.expectClean();
  return host;
}

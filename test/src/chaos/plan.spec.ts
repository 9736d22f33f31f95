import { describe, expect, it } from 'vitest';
import { makePlan, type PlanOptions } from './plan.js';

const OPTIONS: PlanOptions = {
  seed: 7,
  operations: 2_000,
  tenants: 4,
  slotsPerTenant: 6,
  callsPerSecond: 5,
  processes: ['api', 'worker', 'worker-2', 'agent', 'temporal', 'mariadb'],
  hosts: [],
  moves: false,
  networkFaults: true,
  faultGapMs: [1_000, 4_000],
  forcedShare: 0.5,
};

describe('a schedule', () => {
  const plan = makePlan(OPTIONS);

  it('is the same for the same seed, and another for another one', () => {
    expect(makePlan(OPTIONS)).toEqual(plan);
    expect(makePlan({ ...OPTIONS, seed: 8 })).not.toEqual(plan);
  });

  it('holds as many calls as asked for, in order of time, of every kind and by every tenant', () => {
    expect(plan.calls).toHaveLength(2_000);
    expect(plan.calls.map(({ index }) => index)).toEqual(plan.calls.map((_, index) => index));
    expect(plan.calls.every(({ atMs }, at) => at === 0 || atMs >= plan.calls[at - 1]!.atMs)).toBe(true);
    expect(new Set(plan.calls.map(({ action }) => action)).size).toBe(7);
    expect(new Set(plan.calls.map(({ tenant }) => tenant)).size).toBe(4);
    expect(new Set(plan.calls.map(({ face }) => face)).size).toBe(2);
  });

  it('asks nothing of a machine that it has not deployed', () => {
    const there = new Set<string>();
    for (const { tenant, slot, action } of plan.calls) {
      const machine = `${tenant}/${slot}`;
      if (action === 'deploy') expect(there.has(machine)).toBe(false);
      else if (action !== 'cancel') expect(there.has(machine)).toBe(true);
      if (action === 'deploy') there.add(machine);
      if (action === 'expunge') there.delete(machine);
    }
  });

  it('issues conflicting calls on one machine at once', () => {
    const together = plan.calls.filter(({ tenant, slot, atMs, action }, at) => {
      const before = plan.calls[at - 1];
      const same = before?.tenant === tenant && before.slot === slot && action !== 'cancel';
      return same && atMs - before.atMs <= 30;
    });
    expect(together.length).toBeGreaterThan(100);
  });

  it('has faults of every kind on every part, none on a part that another one still holds', () => {
    expect(new Set(plan.faults.map(({ kind }) => kind)).size).toBe(4);
    const until = new Map<string, number>();
    for (const fault of plan.faults) {
      if (!('parts' in fault)) continue;
      for (const part of fault.parts) {
        expect(fault.atMs).toBeGreaterThanOrEqual(until.get(part) ?? 0);
        until.set(part, fault.atMs + fault.lastsMs);
      }
    }
    expect(until.size).toBe(OPTIONS.processes.length);
  });

  it('ends with its calls', () => {
    expect(Math.max(...plan.faults.map(({ atMs }) => atMs))).toBeLessThan(plan.durationMs);
  });
});

describe('a schedule on hosts between which machines move', () => {
  const plan = makePlan({ ...OPTIONS, networkFaults: false, hosts: ['host-1', 'host-2'], moves: true });

  it('holds every kind of call; a disk is made before it is used, and one host at a time is emptied', () => {
    expect(new Set(plan.calls.map(({ action }) => action)).size).toBe(14);
    const disks = new Set<string>();
    for (const { tenant, slot, action } of plan.calls) {
      const disk = `${tenant}/${slot}`;
      if (action === 'attach' || action === 'detach') expect(disks.has(disk)).toBe(true);
      if (action === 'make-disk') disks.add(disk);
    }
    const ofHosts = plan.calls.filter(({ action }) => action === 'drain' || action === 'use');
    ofHosts.forEach(({ action, slot }, at) => {
      expect(action).toBe(at % 2 === 0 ? 'drain' : 'use');
      if (at % 2 === 1) expect(slot).toBe(ofHosts[at - 1]?.slot);
    });
  });

  it('takes the power of one host at a time, for moments and for longer than HA waits', () => {
    const lost = plan.faults.filter(({ kind }) => kind === 'power');
    expect(lost.every((fault) => 'parts' in fault && fault.parts.length === 1)).toBe(true);
    expect(lost.some(({ lastsMs }) => lastsMs < 5_000)).toBe(true);
    expect(lost.some(({ lastsMs }) => lastsMs > 25_000)).toBe(true);
  });
});

import { describe, expect, it } from 'vitest';
import { judgeHosts } from '../placement/judge-hosts.js';
import { drsCluster } from '../testing/drs-cluster.js';
import { aDisk, aHost, anAffinity, aPool, needsOf } from '../testing/placement-scene.js';
import type { DrsMachine, DrsPlan, DrsRules, DrsScene } from './drs-scene.js';
import { followMoves } from './follow-moves.js';
import { imbalanceOf, thresholdOf } from './imbalance.js';
import { planDrs } from './plan-drs.js';

const RULES: DrsRules = {
  ...{ algorithm: 'balanced', metric: 'memory', metricType: 'used', useRatio: true },
  ...{ threshold: 0.1, skipThreshold: 0.95, maxMoves: 10, searchSteps: 50_000 },
};
const FREE = { cpuMhzFree: 8_000, memoryMibFree: 8_192 };

/** A machine of 1 GiB that uses all of it. */
const machine = (id: string, hostId: string, change: Partial<DrsMachine> = {}): DrsMachine => ({
  use: { cpuMhz: 500, memoryMib: 1_024 },
  ...change,
  needs: needsOf({
    ...{ vmId: id, name: id, hostId, memoryMib: 1_024, disks: [aDisk({ poolId: 'shared' })] },
    ...change.needs,
  }),
});

const sceneOf = (machines: readonly DrsMachine[], change: Partial<DrsScene> = {}): DrsScene => ({
  snapshot: { hosts: ['a', 'b'].map((id) => aHost(id, FREE)), pools: [aPool('shared')], dedications: [] },
  hosts: ['a', 'b', 'c'].map((id) => ({
    id,
    capacity: { cpuMhz: 8_000, memoryMib: 16_384 },
    ownUse: { cpuMhz: 0, memoryMib: 0 },
  })),
  machines,
  rules: RULES,
  ...change,
});

const four = (change: Partial<DrsMachine> = {}) =>
  ['1', '2', '3', '4'].map((id) => machine(id, 'a', id === '1' ? change : {}));
const withNeeds = (change: Partial<DrsMachine['needs']>) => ({ needs: change }) as Partial<DrsMachine>;

describe('the imbalance', () => {
  it.each([
    [[], 0],
    [[0, 0], 0],
    [[0.5, 0.5], 0],
    [[1, 0], 1],
    [[0.2, 0.4], 1 / 3],
  ])('of %j is %f', (shares, expected) => expect(imbalanceOf(shares)).toBeCloseTo(expected, 10));

  it('is wanted as the setting of each algorithm says', () => {
    expect([thresholdOf('balanced', 0.4), thresholdOf('condensed', 0.4)]).toEqual([0.6, 0.4]);
  });
});

describe('what is compared', () => {
  const rules = (change: Partial<DrsRules>) => ({ ...RULES, ...change });
  /** 12 GiB of 16 in use, and 4 of 16. */
  const uneven = ['1', '2', '3', '4', '5'].map((id) =>
    machine(id, id === '5' ? 'b' : 'a', { use: { cpuMhz: 100, memoryMib: id === '5' ? 4_096 : 3_072 } }),
  );
  it.each<[string, Partial<DrsRules>, number]>([
    ['what is used', {}, 0.5],
    ['what is left', { metricType: 'free' }, 0.5],
    ['processors', { metric: 'cpu' }, 0.6],
    ['what is left of processors', { metric: 'cpu', metricType: 'free' }, 0.5 / 25.83 + 0],
    ['MiB in use', { useRatio: false }, 0.5],
    ['MiB that are left', { metricType: 'free', useRatio: false }, 0.5],
  ])('is %s', (_, change, expected) => {
    const { imbalanceBefore } = planDrs(sceneOf(uneven, { rules: rules(change) }));
    expect(imbalanceBefore).toBeCloseTo(expected, 1);
  });

  it('is shares of hosts that differ in size, unless amounts are asked for', () => {
    const hosts = ['a', 'b'].map((id) => ({
      ...{ id, ownUse: { cpuMhz: 0, memoryMib: 0 } },
      capacity: { cpuMhz: 8_000, memoryMib: id === 'a' ? 32_768 : 8_192 },
    }));
    const machines = [machine('1', 'a', { use: { cpuMhz: 1, memoryMib: 4_096 } }), machine('2', 'b')];
    const before = (useRatio: boolean) =>
      planDrs(sceneOf(machines, { hosts, rules: rules({ useRatio }) })).imbalanceBefore;
    expect([before(true), before(false)]).toEqual([0, 0.6]);
  });

  it('leaves out, where machines are gathered, hosts that are full already', () => {
    const hosts = ['a', 'b', 'c'].map((id) => ({
      ...{ id, capacity: { cpuMhz: 8_000, memoryMib: 16_384 } },
      ownUse: { cpuMhz: 0, memoryMib: id === 'c' ? 16_000 : 0 },
    }));
    const snapshot = { ...sceneOf([]).snapshot, hosts: ['a', 'b', 'c'].map((id) => aHost(id, FREE)) };
    const machines = [...four(), machine('5', 'b'), machine('6', 'b')];
    const plan = (skipThreshold: number) =>
      planDrs(
        sceneOf(machines, { hosts, snapshot, rules: rules({ algorithm: 'condensed', threshold: 0.8, skipThreshold }) }),
      );
    // With the full one the imbalance is 0.83, without it 0.33.
    expect(plan(1)).toMatchObject({ moves: [], idle: 'within-threshold' });
    expect(plan(0.95).moves.map(({ fromHostId, toHostId }) => fromHostId + toHostId)).toEqual(['ba', 'ba']);
  });
});

describe('a plan', () => {
  it('halves what is on one of two hosts', () => {
    const plan = planDrs(sceneOf(four()));
    expect(plan.moves).toHaveLength(2);
    expect(plan.moves[0]).toMatchObject({ fromHostId: 'a', toHostId: 'b', imbalanceBefore: 1, imbalanceAfter: 0.5 });
    expect(plan.moves[0]).toMatchObject({ copyMib: 2_048, expectedSeconds: 22 });
    expect([plan.imbalanceBefore, plan.imbalanceAfter]).toEqual([1, 0]);
  });

  it('gathers machines where that is wanted', () => {
    const machines = [...four(), machine('5', 'b')];
    const rules = { ...RULES, algorithm: 'condensed', threshold: 1 } as const;
    const plan = planDrs(sceneOf(machines, { rules }));
    expect(plan.moves.map(({ vmId, toHostId }) => [vmId, toHostId])).toEqual([['5', 'a']]);
    expect(plan.imbalanceAfter).toBeCloseTo(1, 9);
  });

  it.each<[string, DrsScene, DrsPlan['idle']]>([
    ['one host', sceneOf(four(), { snapshot: { hosts: [aHost('a', FREE)], pools: [], dedications: [] } }), 'one-host'],
    [
      'one of two hosts in maintenance',
      sceneOf(four(), {
        snapshot: {
          hosts: [aHost('a', FREE), aHost('b', { ...FREE, allocationState: 'Maintenance' })],
          pools: [aPool('shared')],
          dedications: [],
        },
      }),
      'one-host',
    ],
    ['an even cluster', sceneOf([machine('1', 'a'), machine('2', 'b')]), 'within-threshold'],
    ['nothing that may move', sceneOf([machine('1', 'a', { pinned: 'busy' })]), 'nothing-may-move'],
    ['one machine, which is as well here as there', sceneOf([machine('1', 'a')]), 'no-move-helps'],
    [
      'groups that hold everything',
      sceneOf(
        ['1', '2'].map((id) =>
          machine(id, 'a', withNeeds({ affinity: [anAffinity({ hostIds: ['a'] })], vmId: id, hostId: 'a' })),
        ),
      ),
      'no-move-helps',
    ],
  ])('is idle with %s', (_, scene, idle) => {
    expect(planDrs(scene)).toMatchObject({ moves: [], idle });
  });

  it.each<[string, Partial<DrsMachine['needs']>]>([
    ['a tag that the other host lacks', { hostTags: ['gpu'] }],
    ['a disk on storage of its host', { disks: [aDisk({ poolId: 'local' })] }],
    ['a disk on a pool that the other host does not reach', { disks: [aDisk({ poolId: 'far' })] }],
    ['no room over there', { memoryMib: 9_000 }],
    [
      'a member of its anti-affinity group over there',
      { affinity: [anAffinity({ kind: 'anti-affinity', hostIds: ['b'] })] },
    ],
    [
      'a group that prefers to be apart, and is',
      { affinity: [anAffinity({ kind: 'anti-affinity', strict: false, hostIds: ['b'] })] },
    ],
    ['a group that prefers to be together, and is', { affinity: [anAffinity({ strict: false, hostIds: ['a'] })] }],
  ])('leaves a machine with %s where it is', (_, needs) => {
    const scene = sceneOf(
      four({ ...withNeeds({ ...needs, vmId: '1', name: '1', hostId: 'a' }), use: { cpuMhz: 500, memoryMib: 3_000 } }),
    );
    const pools = [aPool('shared'), aPool('local', { hostId: 'a' }), aPool('far', { clusterId: 'c2' })];
    const plan = planDrs({ ...scene, snapshot: { ...scene.snapshot, pools } });
    expect(plan.moves.map(({ vmId }) => vmId)).not.toContain('1');
    expect(plan.moves.length).toBeGreaterThan(0);
  });

  const OTHERS = { resourceType: 'host', resourceId: 'b', domainPath: '/other/', accountId: 'bob' } as const;
  it.each<[string, Parameters<typeof aHost>[1], DrsScene['snapshot']['dedications']]>([
    ['is in maintenance', { allocationState: 'Maintenance' }, []],
    ['is prepared for maintenance', { allocationState: 'PrepareForMaintenance' }, []],
    ['is disabled', { allocationState: 'Disabled' }, []],
    ['does not answer', { state: 'Disconnected' }, []],
    ['is dedicated to somebody else', {}, [OTHERS]],
    ['has no room', { memoryMibFree: 512 }, []],
    ['is of another kind', { hypervisor: 'XenServer' }, []],
  ])('brings nothing to a host that %s', (_, change, dedications) => {
    const hosts = ['a', 'b', 'c'].map((id) => aHost(id, { ...FREE, ...(id === 'b' ? change : {}) }));
    const plan = planDrs(sceneOf(four(), { snapshot: { hosts, pools: [aPool('shared')], dedications } }));
    expect(new Set(plan.moves.map(({ toHostId }) => toHostId))).toEqual(new Set(['c']));
  });

  it('leaves a machine on the host that is dedicated to its owner', () => {
    const own = { ...OTHERS, resourceId: 'a', domainPath: '/acme/dev/', accountId: 'alice' };
    const scene = sceneOf(four());
    expect(planDrs({ ...scene, snapshot: { ...scene.snapshot, dedications: [own] } })).toMatchObject({
      ...{ moves: [], idle: 'no-move-helps' },
    });
  });

  it('counts a machine that is under way where it is, and does not move it', () => {
    const plan = planDrs(sceneOf(four({ pinned: 'an operation is at work on it' })));
    expect(plan.moves.map(({ vmId }) => vmId)).not.toContain('1');
    expect(plan.imbalanceAfter).toBe(0);
  });

  it('does as much as is allowed, and the same for the same seed', () => {
    const scene = drsCluster({ hosts: 6, machines: 90, seed: 3 }, { maxMoves: 3, searchSteps: 20_000 });
    const plan = planDrs(scene);
    expect(plan.moves).toHaveLength(3);
    expect(planDrs(scene)).toEqual(plan);
  });

  it('ends when the time is up, with what was found', () => {
    let asked = 0;
    const outOfTime = () => (asked += 1) > 3;
    const plan = planDrs(drsCluster({ hosts: 8, machines: 100, seed: 1 }, { outOfTime }));
    expect(plan.moves.length).toBeGreaterThan(0);
    expect(asked).toBeLessThan(8);
  });
});

/** Carries a plan out on the snapshot as the placement sees it, and counts each move that it would refuse. */
function carryOut({ snapshot, machines }: DrsScene, { moves }: DrsPlan) {
  const hosts = new Map(snapshot.hosts.map((host) => [host.id, { ...host }]));
  const at = new Map(machines.map(({ needs }) => [needs.vmId, needs.hostId ?? '']));
  const refused: string[] = [];
  for (const { vmId, fromHostId, toHostId } of moves) {
    const { needs, pinned } = machines.find((one) => one.needs.vmId === vmId)!;
    const affinity = needs.affinity.map((group) => ({
      ...group,
      hostIds: machines
        .filter((other) => other.needs.vmId !== vmId && other.needs.affinity.some((g) => g.groupId === group.groupId))
        .map((other) => at.get(other.needs.vmId)!),
    }));
    const hostNow = at.get(vmId)!;
    const judged = judgeHosts(
      { ...snapshot, hosts: [...hosts.values()] },
      { ...needs, hostId: hostNow, affinity },
      'migrate',
    );
    const there = judged.find(({ host }) => host.id === toHostId)!;
    if (pinned !== undefined || hostNow !== fromHostId || there.reasons.length > 0 || there.storageMotion)
      refused.push(`${vmId}: ${there.reasons.map(({ text }) => text).join(', ')}`);
    for (const group of affinity.filter(({ strict }) => !strict)) {
      const [here, over] = [fromHostId, toHostId].map((id) => group.hostIds.filter((other) => other === id).length);
      const worse = group.kind === 'affinity' ? over! < here! : over! > here!;
      if (worse) refused.push(`${vmId} leaves its group ${group.name} worse`);
    }
    for (const [id, sign] of [
      [fromHostId, 1],
      [toHostId, -1],
    ] as const) {
      hosts.get(id)!.cpuMhzFree += sign * needs.cpuMhz;
      hosts.get(id)!.memoryMibFree += sign * needs.memoryMib;
    }
    at.set(vmId, toHostId);
  }
  return refused;
}

describe('plans for any cluster', () => {
  const SHAPES = Array.from({ length: 12 }, (_, seed) => ({
    hosts: 3 + (seed % 9) * 2,
    machines: 40 + seed * 20,
    seed,
    bound: seed % 3 !== 0,
    mixedHosts: seed % 2 === 0,
  }));

  it.each(SHAPES)('hold every rule at every step: $hosts hosts, $machines machines, seed $seed', (shape) => {
    for (const algorithm of ['balanced', 'condensed'] as const)
      for (const metric of ['memory', 'cpu'] as const) {
        const threshold = algorithm === 'balanced' ? 0.05 : 1.5;
        const scene = drsCluster(shape, { algorithm, metric, threshold, maxMoves: 25, searchSteps: 20_000 });
        const plan = planDrs(scene);
        expect(carryOut(scene, plan)).toEqual([]);
        expect(plan.moves.length).toBeLessThanOrEqual(25);
        expect(new Set(plan.moves.map(({ vmId }) => vmId)).size).toBe(plan.moves.length);
        const better = algorithm === 'balanced' ? 1 : -1;
        if (plan.moves.length > 0) expect(better * (plan.imbalanceBefore - plan.imbalanceAfter)).toBeGreaterThan(0);
      }
  });
});

describe('moves that somebody chose', () => {
  it('are followed one after the other, with what each brings', () => {
    const { moves, refusal } = followMoves(sceneOf(four()), [
      { vmId: '1', toHostId: 'b' },
      { vmId: '2', toHostId: 'b' },
    ]);
    expect(refusal).toBeUndefined();
    expect(moves.map(({ vmId, imbalanceAfter }) => [vmId, imbalanceAfter])).toEqual([
      ['1', 0.5],
      ['2', 0],
    ]);
  });

  it.each<[string, DrsScene, { vmId: string; toHostId: string }[], RegExp]>([
    ['a host that is out', sceneOf(four()), [{ vmId: '1', toHostId: 'c' }], /c is not up and enabled/],
    ['where it is', sceneOf(four()), [{ vmId: '1', toHostId: 'a' }], /runs the machine already/],
    [
      'what is busy',
      sceneOf(four({ pinned: 'it is Starting' })),
      [{ vmId: '1', toHostId: 'b' }],
      /1 .* it is Starting/,
    ],
    ['no room', sceneOf(four(withNeeds({ memoryMib: 9_000 }))), [{ vmId: '1', toHostId: 'b' }], /9000 needed/],
    [
      'the same twice',
      sceneOf(four()),
      [
        { vmId: '1', toHostId: 'b' },
        { vmId: '1', toHostId: 'a' },
      ],
      /named twice/,
    ],
  ])('are refused: %s', (_, scene, wanted, why) => {
    expect(followMoves(scene, wanted).refusal).toMatch(why);
  });
});

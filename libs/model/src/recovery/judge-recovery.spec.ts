import { describe, expect, it } from 'vitest';
import { judgeRecovery } from './judge-recovery.js';
import type { HostContents, MachineRow, OpenOperation, RecoveryFacts, VolumeRow } from './recovery-facts.js';

const [H1, H2, P1, VM, VOLUME] = ['h1', 'h2', 'p1', 'vm', 'volume'] as const;

const machine = (row: Partial<MachineRow> = {}): MachineRow => ({
  ...{ id: VM, name: 'web-1', state: 'Running', hostId: H1, observedPower: 'running' },
  ...row,
});
const disk = (row: Partial<VolumeRow> = {}): VolumeRow => ({
  ...{ id: VOLUME, name: 'ROOT-1', state: 'Ready', poolId: P1, vmId: VM },
  ...row,
});
const operation = (kind: string, more: Partial<OpenOperation> = {}): OpenOperation => ({
  ...{ id: 'op', kind, state: 'granted', begun: true, summary: `${kind} web-1` },
  ...{ resource: { type: 'virtual-machine', id: VM } },
  ...more,
});
const contents = (vms: Record<string, string> = {}, volumes: readonly string[] = [VOLUME]): HostContents => ({
  vms: Object.entries(vms).map(([id, power]) => ({ id, domainName: id, power })),
  volumes: { [P1]: volumes },
  networks: [],
});

/** What is on each host (undefined: written off), and the rows. */
function judge(
  hosts: Record<string, HostContents | undefined>,
  rows: { machine?: MachineRow | null; volume?: VolumeRow | null; operation?: OpenOperation } = {},
) {
  const facts: RecoveryFacts = {
    hosts: Object.entries(hosts).map(([id, inventory]) => ({ id, name: id, inventory })),
    machines: rows.machine === null ? [] : [rows.machine ?? machine()],
    volumes: rows.volume === null ? [] : [rows.volume ?? disk()],
    pools: [{ id: P1, name: 'pool' }],
    networkIds: [],
    operations: rows.operation ? [rows.operation] : [],
  };
  const { machines, volumes, operations, findings } = judgeRecovery(facts);
  return {
    machine: machines[0],
    volume: volumes[0],
    operation: operations[0]?.outcome,
    findings: findings.map(({ kind }) => kind),
  };
}

const running = contents({ [VM]: 'running' });
const off = contents({ [VM]: 'off' });
const held = contents({ [VM]: 'paused' });
const diskOnly = contents();
const nothing = contents({}, []);
const AT_H1 = { hostId: H1, power: 'running' };
const AT_H2 = { hostId: H2, power: 'running' };
const NOWHERE = { hostId: null, power: 'absent' };

describe('a machine without an operation', () => {
  const stopped = machine({ state: 'Stopped', hostId: null, observedPower: 'absent' });
  const cases: [string, Parameters<typeof judge>, object][] = [
    ['is as its row says', [{ h1: running, h2: diskOnly }], {}],
    ['runs elsewhere', [{ h1: diskOnly, h2: running }], { machine: { id: VM, place: AT_H2 } }],
    [
      'was started since',
      [{ h1: running }, { machine: stopped }],
      { machine: { id: VM, place: AT_H1, event: 'PoweredOnOnHost' } },
    ],
    ['was stopped since', [{ h1: diskOnly }], { machine: { id: VM, place: NOWHERE, event: 'PoweredOffOnHost' } }],
    [
      'is off, but defined',
      [{ h1: off }],
      { machine: { id: VM, place: { hostId: H1, power: 'off' }, event: 'PoweredOffOnHost' } },
    ],
    [
      'is paused',
      [{ h1: contents({ [VM]: 'paused' }) }],
      { machine: { id: VM, place: { hostId: H1, power: 'paused' } } },
    ],
    [
      'was expunged since',
      [{ h1: nothing }],
      {
        machine: { id: VM, place: NOWHERE, event: 'FoundGone' },
        volume: { id: VOLUME, poolId: null, event: 'FoundGone' },
        findings: ['gone-machine'],
      },
    ],
    [
      'was never started',
      [{ h1: nothing }, { machine: stopped, volume: disk({ state: 'Allocated', poolId: null }) }],
      {},
    ],
    ['runs on two hosts', [{ h1: running, h2: running }], { findings: ['two-hosts'] }],
    [
      'was being moved: one side is held, the other runs',
      [{ h1: held, h2: running }],
      { machine: { id: VM, place: AT_H2 }, findings: ['two-hosts'] },
    ],
    [
      'left its domain behind',
      [{ h1: off, h2: running }],
      { machine: { id: VM, place: AT_H2 }, findings: ['left-domain'] },
    ],
    [
      'was destroyed by its row, and recovered since',
      [{ h1: running }, { machine: machine({ state: 'Destroyed', hostId: null }), volume: disk({ state: 'Destroy' }) }],
      { machine: { id: VM, place: AT_H1 }, findings: ['unwanted-machine'] },
    ],
    [
      'was on a host that was written off: it is off, and its shared disk is there',
      [{ h1: undefined, h2: diskOnly }],
      { machine: { id: VM, place: NOWHERE, event: 'PoweredOffOnHost' }, findings: ['host-written-off'] },
    ],
    [
      'was on a host that was written off, with the only way to its disk',
      [{ h1: undefined }],
      {
        machine: { id: VM, place: NOWHERE, event: 'PoweredOffOnHost' },
        findings: ['disk-out-of-reach', 'host-written-off'],
      },
    ],
    [
      'is failed by its row, and its disk has come back',
      [{ h1: diskOnly }, { machine: machine({ state: 'Error', hostId: null }) }],
      { machine: { id: VM, event: 'Recovered' } },
    ],
  ];
  it.each(cases)('%s', (_name, given, expected) => {
    expect(judge(...given)).toEqual({
      machine: undefined,
      volume: undefined,
      operation: undefined,
      findings: [],
      ...expected,
    });
  });
});

describe('an operation that had begun', () => {
  const starting = machine({ state: 'Starting' });
  const stopping = machine({ state: 'Stopping' });
  const unmade = disk({ state: 'Allocated' });
  const cases: [string, string, Parameters<typeof judge>, object][] = [
    [
      'deploy',
      'has come to its end',
      [{ h1: running }, { machine: starting, volume: unmade }],
      { outcome: 'succeeded', event: 'Started' },
    ],
    [
      'deploy',
      'has come to its end elsewhere',
      [{ h1: diskOnly, h2: running }, { machine: starting }],
      { outcome: 'succeeded', event: 'Started' },
    ],
    [
      'deploy',
      'was finished, and destroyed since',
      [{ h1: nothing }, { machine: starting, volume: unmade }],
      { outcome: 'failed', event: 'FoundGone' },
    ],
    [
      'deploy',
      'left a disk, which may hold data',
      [{ h1: diskOnly }, { machine: starting, volume: unmade }],
      { outcome: 'succeeded', event: 'StartUndone' },
    ],
    ['start', 'runs', [{ h1: running }, { machine: starting }], { outcome: 'succeeded', event: 'Started' }],
    [
      'start',
      'does not run: it is not started again',
      [{ h1: diskOnly }, { machine: starting }],
      { outcome: 'failed', event: 'StartUndone' },
    ],
    ['reboot', 'runs', [{ h1: running }, { machine: starting }], { outcome: 'succeeded', event: 'Started' }],
    ['reboot', 'is off', [{ h1: diskOnly }, { machine: starting }], { outcome: 'failed', event: 'StartUndone' }],
    [
      'stop',
      'runs: it is not stopped again',
      [{ h1: running }, { machine: stopping }],
      { outcome: 'failed', event: 'StopUndone' },
    ],
    ['stop', 'is off', [{ h1: off }, { machine: stopping }], { outcome: 'succeeded', event: 'Stopped' }],
    [
      'destroy',
      'runs: it may have been recovered',
      [{ h1: running }, { machine: stopping }],
      { outcome: 'failed', event: 'StopUndone' },
    ],
    ['destroy', 'is off', [{ h1: diskOnly }, { machine: stopping }], { outcome: 'succeeded', event: 'Destroyed' }],
    [
      'destroy',
      'was expunged since',
      [{ h1: nothing }, { machine: stopping }],
      { outcome: 'succeeded', event: 'FoundGone' },
    ],
    [
      'expunge',
      'goes on whatever is there',
      [{ h1: running }, { machine: machine({ state: 'Expunging' }) }],
      { outcome: 'run-again' },
    ],
  ];
  it.each(cases)('%s: %s', (kind, _name, [hosts, rows], expected) => {
    const result = judge(hosts, { ...rows, operation: operation(`${kind}VirtualMachine`) });
    expect({ outcome: result.operation, event: result.machine?.event }).toEqual({ event: undefined, ...expected });
  });

  it.each([
    [true, 'granted', 'run-again'],
    [false, 'queued', 'cancelled'],
    [true, 'needs-attention', 'left'],
  ])('of another kind (begun: %s, %s) is %s', (begun, state, outcome) => {
    const template = operation('registerTemplate', { begun, state, resource: { type: 'template', id: 't' } });
    expect(judge({ h1: running }, { operation: template }).operation).toBe(outcome);
  });
});

describe('an operation that had not begun', () => {
  const waiting = { begun: false, state: 'queued' };
  it.each([
    ['deployVirtualMachine', 'Starting', nothing, 'cancelled'],
    ['deployVirtualMachine', 'Starting', running, 'succeeded'],
    ['stopVirtualMachine', 'Running', running, 'cancelled'],
    ['startVirtualMachine', 'Stopped', diskOnly, 'cancelled'],
    ['expungeVirtualMachine', 'Running', running, 'cancelled'],
  ])('%s of a machine that is %s', (kind, state, seen, outcome) => {
    const rows = { machine: machine({ state }), operation: operation(kind, waiting) };
    expect(judge({ h1: seen }, rows).operation).toBe(outcome);
  });
});

describe('what is in no row', () => {
  it('is listed and left alone', () => {
    const strange = {
      vms: [{ id: 'x', domainName: 'i-x', power: 'running' }],
      volumes: { [P1]: ['y'] },
      networks: ['n'],
    };
    const { machine: recorded, findings } = judge({ h1: strange }, { machine: null, volume: null });
    expect(recorded).toBeUndefined();
    expect(findings).toEqual(['unknown-machine', 'unknown-network', 'unknown-volume']);
  });

  it('on a pool that looks unmounted, no volume is given up', () => {
    const facts: RecoveryFacts = {
      hosts: [{ id: H1, name: H1, inventory: nothing }],
      machines: [machine(), machine({ id: 'vm2', name: 'web-2' })],
      volumes: [disk(), disk({ id: 'volume2', vmId: 'vm2' })],
      pools: [{ id: P1, name: 'pool' }],
      networkIds: [],
      operations: [],
    };
    const { volumes, findings } = judgeRecovery(facts);
    expect(volumes).toEqual([]);
    expect(findings.map(({ kind }) => kind)).toEqual(['missing-volume', 'missing-volume', 'empty-pool']);
  });
});

describe('volumes that were moved after the backup', () => {
  const P2 = 'p2';
  const data = disk({ id: 'data', name: 'data-1', vmId: null });
  const facts = (on: Record<string, readonly string[]>, operations: readonly OpenOperation[] = []): RecoveryFacts => ({
    hosts: [{ id: H1, name: H1, inventory: { vms: [], volumes: on, networks: [] } }],
    machines: [],
    volumes: [data],
    pools: [P1, P2].map((id) => ({ id, name: `pool ${id}` })),
    networkIds: [],
    operations,
  });

  it('are where they are found', () => {
    const { volumes, findings } = judgeRecovery(facts({ [P1]: [], [P2]: ['data'] }));
    expect([volumes, findings]).toEqual([[{ id: 'data', poolId: P2 }], []]);
  });

  it('are for a person when they are found on two pools, unless their move goes on', () => {
    const both = { [P1]: ['data'], [P2]: ['data'] };
    expect(judgeRecovery(facts(both)).findings).toEqual([
      expect.objectContaining({ kind: 'two-pools', message: expect.stringContaining('pool p1 and pool p2') }),
    ]);
    const move = operation('migrateVolume', { resource: { type: 'volume', id: 'data' } });
    expect(judgeRecovery(facts(both, [move])).findings).toEqual([]);
  });
});

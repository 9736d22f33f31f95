import { describe, expect, it } from 'vitest';
import { decideDrain, type Departure, type DrainRules, type Resident } from './decide-drain.js';

const RULES: DrainRules = { atOnce: 2, attempts: 2, localStorage: 'refuse' };
const vm = (vmId: string, more: Partial<Resident> = {}): Resident => ({
  ...{ vmId, name: vmId, state: 'Running', memoryMib: 512, haPriority: 5, onLocalStorage: false },
  ...more,
});
const departure = (vmId: string, state: string, error: string | null = null): Departure => ({ vmId, state, error });
const decide = (
  residents: readonly Resident[],
  {
    departures = [],
    arriving = 0,
    ...rules
  }: { departures?: Departure[]; arriving?: number } & Partial<DrainRules> = {},
) => decideDrain({ residents, departures, arriving }, { ...RULES, ...rules });
const started = (decision: ReturnType<typeof decideDrain>) =>
  decision.kind === 'go-on' ? decision.start.map(({ vmId, way }) => `${vmId} ${way}`) : decision;

describe('a host is empty', () => {
  it('when nothing is there and nothing is coming', () => expect(decide([])).toEqual({ kind: 'empty' }));
  it('not while an operation that chose it before may bring a machine', () =>
    expect(decide([], { arriving: 1 })).toEqual({ kind: 'go-on', start: [] }));
});

describe('machines go', () => {
  it.each([
    [
      'the largest first, so many at once',
      [vm('a'), vm('b', { memoryMib: 4096 }), vm('c', { memoryMib: 1024 })],
      {},
      ['b migrate', 'c migrate'],
    ],
    [
      'the most important before the largest',
      [vm('a', { haPriority: 6 }), vm('b', { memoryMib: 4096 }), vm('c', { haPriority: 10 })],
      {},
      ['c migrate', 'a migrate'],
    ],
    [
      'the next when one has gone',
      [vm('a'), vm('b')],
      { departures: [departure('b', 'running'), departure('z', 'succeeded')] },
      ['a migrate'],
    ],
    [
      'none when as many as may are under way',
      [vm('a'), vm('b'), vm('c')],
      { departures: [departure('b', 'queued'), departure('c', 'granted')] },
      [],
    ],
    [
      'again after a failure, a skip or a cancel',
      [vm('a')],
      { departures: [departure('a', 'failed'), departure('a', 'skipped'), departure('a', 'cancelled')] },
      ['a migrate'],
    ],
    [
      'stopped, if that is the policy for local storage',
      [vm('a', { onLocalStorage: true }), vm('b')],
      { localStorage: 'stop' as const },
      ['a stop', 'b migrate'],
    ],
    [
      'with their disks, if that is the policy for local storage',
      [vm('a', { onLocalStorage: true }), vm('b')],
      { localStorage: 'migrate' as const },
      ['a migrate-with-volumes', 'b migrate'],
    ],
  ])('%s', (_, residents, options, expected) => expect(started(decide(residents, options))).toEqual(expected));
});

describe('it is hopeless', () => {
  it.each([
    ['with local storage that may not be touched', vm('a', { onLocalStorage: true }), [], /storage of this host/],
    ['with a machine in Error', vm('a', { state: 'Error' }), [], /state Error/],
    [
      'after the last attempt, saying why',
      vm('a'),
      [departure('a', 'failed', 'x'), departure('a', 'failed', 'no room')],
      /a could not be moved: no room/,
    ],
    ['when a move needs attention', vm('a'), [departure('a', 'needs-attention', 'y')], /needs attention: y/],
  ])('%s', (_, resident, departures, reason) => {
    const decision = decide([resident, vm('fine')], { departures });
    expect(decision.kind === 'hopeless' && decision.reasons.join()).toMatch(reason);
  });
});

import { describe, expect, it } from 'vitest';
import { ApiClient } from '../api/api-client.js';
import { describeDrs, describeFailure, describeMaintenance, type FailurePlan } from './whatif-answers.js';
import { whatIf } from './whatif.command.js';

const machine = (name: string, more: Partial<FailurePlan['machines'][number]> = {}) => ({
  ...{ name, hapriority: 5, restarts: true },
  ...more,
});

describe('a host that is lost', () => {
  it('is told machine by machine', () =>
    expect(
      describeFailure({
        ...{ name: 'node-1', possible: false },
        machines: [
          machine('db', { hapriority: 9, destinationname: 'node-2' }),
          machine('web', { destinationname: 'node-3' }),
          machine('big', { obstacle: '2 hosts: 2 lack memory' }),
          machine('test', { restarts: false, obstacle: 'it is not meant to run' }),
        ],
      }),
    ).toEqual([
      'If node-1 were lost now, with 4 machines:',
      '2 machines would be restarted, in this order:',
      '  db → node-2, priority 9',
      '  web → node-3, priority 5',
      '1 machine would find no room:',
      '  big: 2 hosts: 2 lack memory',
      '1 machine would wait for the host:',
      '  test: it is not meant to run',
    ]));

  it('says when nobody would act', () =>
    expect(
      describeFailure({
        ...{ name: 'node-1', possible: true, haobstacle: 'HA is disabled' },
        machines: [machine('db', { destinationname: 'node-2' })],
      }),
    ).toEqual([
      'If node-1 were lost now, with 1 machine:',
      'nothing is restarted without a person: HA is disabled. With HA:',
      '1 machine would be restarted, in this order:',
      '  db → node-2, priority 5',
    ]));
});

it('a host without machines is told in one line', () => {
  const empty = { name: 'node-1', possible: true, machines: [] };
  expect([...describeFailure(empty), ...describeMaintenance(empty)]).toEqual([
    'If node-1 were lost now, nothing would be missing: it has no machines.',
    'If node-1 were prepared for maintenance now: it has no machines.',
  ]);
});

it('maintenance is told machine by machine', () =>
  expect(
    describeMaintenance({
      ...{ name: 'node-1', possible: false },
      machines: [
        { name: 'web', way: 'migrate', destinationname: 'node-2' },
        { name: 'old', way: 'stop' },
        { name: 'big', way: 'migrate', obstacle: '2 hosts: 2 lack memory' },
      ],
    }),
  ).toEqual([
    'If node-1 were prepared for maintenance now, with 3 machines:',
    '1 machine would move, in this order:',
    '  web → node-2',
    '1 machine would be stopped:',
    '  old',
    '1 machine could not leave, so nothing would move:',
    '  big: 2 hosts: 2 lack memory',
  ]));

describe('balance', () => {
  const plan = {
    ...{
      id: 'p-1',
      algorithm: 'balanced',
      metric: 'memory',
      threshold: 0.4,
      imbalancebefore: 0.5,
      imbalanceafter: 0.1,
    },
    migrations: [],
  };
  it('is told move by move', () =>
    expect(
      describeDrs('c1', {
        ...plan,
        migrations: [
          {
            ...{ virtualmachineid: 'v', virtualmachinename: 'web', sourcehostname: 'a', destinationhostname: 'b' },
            ...{ memorytocopy: 2048, expectedseconds: 18, imbalancebefore: 0.5, imbalanceafter: 0.1 },
          },
        ],
      }),
    ).toEqual([
      'If c1 were balanced now (balanced, by memory): imbalance 0.500 → 0.100, wanted: at most 0.400.',
      '1 machine would move, in this order:',
      '  web: a → b, 2048 MiB to copy, about 18 s, imbalance 0.500 → 0.100',
      'In all 2048 MiB would be copied.',
      'The plan is kept as p-1; executeClusterDrsPlan carries out a plan.',
    ]));

  it.each([
    ['within-threshold', /^Nothing would move: the cluster is as its settings .* want it\.$/],
    ['nothing-may-move', /^Nothing would move: no machine may move: they are busy/],
    ['no-move-helps', /^Nothing would move: no move that the rules allow would improve it\.$/],
    ['another reason', /^Nothing would move: another reason\.$/],
  ])('says why nothing would move: %s', (reason, sentence) =>
    expect(describeDrs('c1', { ...plan, reason })[1]).toMatch(sentence),
  );
});

it.each([[[]], [['host-down']], [['host-up', 'x']], [['constructor', 'x']], [['host-down', 'x', 'y']]])(
  'refuses the question %j',
  async (words: string[]) => {
    const nobody = new ApiClient({ url: 'http://127.0.0.1:9', apiKey: 'a', secretKey: 'b' });
    await expect(whatIf(nobody, words)).rejects.toThrow(/say what \(host-down, maintenance, drs\)/);
  },
);

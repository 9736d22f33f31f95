import { describe, expect, it } from 'vitest';
import { ApiClient } from '../api/api-client.js';
import { describeDrs, describeFailure, describeMaintenance, whatIf, type FailurePlan } from './whatif.command.js';

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
    expect(describeFailure({ name: 'node-1', possible: true, haobstacle: 'HA is disabled', machines: [] })).toEqual([
      'If node-1 were lost now, with 0 machines:',
      'nothing is restarted without a person: HA is disabled. With HA:',
    ]));
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
      'If c1 were balanced now (balanced, by memory): imbalance 0.500 → 0.100, wanted 0.400.',
      '1 machine would move, in this order:',
      '  web: a → b, 2048 MiB to copy, about 18 s, imbalance 0.500 → 0.100',
      'The plan is kept as p-1; executeClusterDrsPlan carries out a plan.',
    ]));

  it('says why nothing would move', () =>
    expect(describeDrs('c1', { ...plan, reason: 'it is balanced' })[1]).toBe('Nothing would move: it is balanced.'));
});

it.each([[[]], [['host-down']], [['host-up', 'x']], [['constructor', 'x']], [['host-down', 'x', 'y']]])(
  'refuses the question %j',
  async (words: string[]) => {
    const nobody = new ApiClient({ url: 'http://127.0.0.1:9', apiKey: 'a', secretKey: 'b' });
    await expect(whatIf(nobody, words)).rejects.toThrow(/say what \(host-down, maintenance, drs\)/);
  },
);

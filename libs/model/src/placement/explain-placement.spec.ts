import { HOST_REASONS, placementExplanation, type HostReason } from '@durastack/contracts/compute/placement';
import { describe, expect, it } from 'vitest';
import { explain, summarise } from './explain-placement.js';
import { aHost } from '../testing/placement-scene.js';

const reason = (kind: HostReason['kind'], facts: Partial<HostReason> = {}): HostReason => ({
  kind,
  text: kind,
  ...facts,
});
const refused = (...reasons: readonly HostReason[]) => ({
  host: aHost('00000000-0000-4000-8000-000000000000'),
  reasons,
});
const memory = (free: number) => refused(reason('memory', { need: 2048, free }));

describe('summarise', () => {
  it.each([
    [[], 'there is no host that is up'],
    [[memory(512)], '1 host: 1 lacks memory (need 2048 MiB, best has 512)'],
    [
      [memory(100), refused(reason('maintenance')), memory(512)],
      '3 hosts: 2 lack memory (need 2048 MiB, best has 512), 1 in maintenance',
    ],
    [
      [
        refused(reason('state', { missing: 'Disconnected' }), reason('cpu', { need: 2, free: 1 })),
        refused(reason('claimed')),
      ],
      '2 hosts: 1 not up (Disconnected), 1 taken meanwhile',
    ],
    [
      [refused(reason('tags', { missing: 'gpu' })), refused(reason('tags', { missing: 'gpu' }))],
      '2 hosts: 2 lack host tags (gpu)',
    ],
    [[refused(reason('anti-affinity', { missing: 'db' }))], '1 host: 1 with a member of the anti-affinity group db'],
  ])('%#: %s', (hosts, text) => expect(summarise(hosts)).toBe(text));

  it('has a phrase for every reason', () => {
    for (const kind of Object.keys(HOST_REASONS) as HostReason['kind'][])
      expect(summarise([refused(reason(kind, { need: 2, free: 1, missing: 'x' }))])).toMatch(/^1 host: 1 .+[^ ]$/);
  });
});

describe('explain', () => {
  it('is bounded, and names the hosts first that are nearest to being suitable', () => {
    const full = Array.from({ length: 500 }, (_, index) => ({
      host: aHost(`00000000-0000-4000-8000-${String(index).padStart(12, '0')}`),
      reasons: Array.from({ length: 20 }, () => reason('tags', { text: 'x'.repeat(5_000) })),
    }));
    const explanation = explain([...full, memory(1)]);
    expect(placementExplanation.parse(explanation)).toMatchObject({ hostCount: 501, counts: { tags: 500, memory: 1 } });
    expect(explanation.hosts[0]?.reasons[0]?.kind).toBe('memory');
    expect(JSON.stringify(explanation).length).toBeLessThan(512 * 1024);
  });
});

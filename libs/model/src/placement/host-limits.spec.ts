import type { DedicationSnapshot } from '@durastack/contracts/compute/placement';
import { describe, expect, it } from 'vitest';
import { anAffinity, needsOf } from '../testing/placement-scene.js';
import { hostLimits } from './host-limits.js';

const dedicated = (resourceId: string, domainPath: string): DedicationSnapshot => ({
  ...{ resourceType: 'cluster', resourceId, domainPath, accountId: null },
});

describe('hostLimits', () => {
  it('knows nothing of ordinary machines', () => {
    expect(hostLimits(needsOf(), [])).toEqual({ never: [], preferred: [] });
  });

  it('tells own places from those of others; a zone is no limit', () => {
    const zone: DedicationSnapshot = { ...dedicated('z', '/rival/'), resourceType: 'zone' };
    expect(hostLimits(needsOf(), [dedicated('c1', '/acme/'), dedicated('c2', '/rival/'), zone])).toEqual({
      ...{ never: ['c2'], preferred: ['c1'] },
    });
  });

  it('takes strict groups as limits and the others as preference', () => {
    const affinity = [
      anAffinity({ hostIds: ['a', 'b'] }),
      anAffinity({ hostIds: ['b', 'c'] }),
      anAffinity({ kind: 'anti-affinity', hostIds: ['d'] }),
      anAffinity({ strict: false, hostIds: ['e'] }),
      anAffinity({ kind: 'anti-affinity', strict: false, hostIds: ['f'] }),
    ];
    expect(hostLimits(needsOf({ affinity }), [])).toEqual({ only: ['b'], never: ['d'], preferred: ['e'] });
  });
});

import { describe, expect, it } from 'vitest';
import { orderSpecs } from './spec-order.js';

const LONG = 'test/src/e2e/libvirt.spec.ts';
const MIDDLE = 'test/src/ha/ha.spec.ts';
const [LAB_LONG, LAB_SHORT] = ['test/src/lab/ha.spec.ts', 'test/src/lab/network.spec.ts'];
const [OUTAGES, RECOVERY] = ['test/src/outage/outages.spec.ts', 'test/src/outage/recovery.spec.ts'];

describe('spec files begin', () => {
  const cases: [what: string, paths: string[], order: string[]][] = [
    ['the long ones first', ['a', MIDDLE, 'b', LONG], [LONG, MIDDLE, 'a', 'b']],
    ['those of the lab one after the other', [LAB_SHORT, 'a', LONG, LAB_LONG], [LAB_LONG, LONG, 'a', LAB_SHORT]],
    ['heavy ones not beside each other', [RECOVERY, OUTAGES, 'a'], [OUTAGES, 'a', RECOVERY]],
    ['those of the lab also when there is nothing else', [LAB_SHORT, LAB_LONG], [LAB_LONG, LAB_SHORT]],
    ['not at all when there are none', [], []],
  ];
  it.each(cases)('%s', (_, paths, order) => expect(orderSpecs(paths)).toEqual(order));

  it('once each, however many', () => {
    const paths = Array.from(
      { length: 200 },
      (_, index) => `${index % 9 === 0 ? 'test/src/lab/' : ''}${index}.spec.ts`,
    );
    expect(orderSpecs(paths).toSorted()).toEqual(paths.toSorted());
  });
});

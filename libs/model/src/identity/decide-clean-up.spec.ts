import { describe, expect, it } from 'vitest';
import { decideCleanUp, type Leftover, type Removal } from './decide-clean-up.js';

const RULES = { atOnce: 2, attempts: 2 };
const vm = (id: string): Leftover => ({ type: 'virtual-machine', id, name: `vm-${id}`, rank: 0 });
const network = (id: string): Leftover => ({ type: 'network', id, name: `net-${id}`, rank: 2 });
const open = (resourceId: string): Removal => ({ resourceId, isOpen: true, error: null });
const failed = (resourceId: string): Removal => ({ resourceId, isOpen: false, error: 'no' });
const starts = (leftovers: Leftover[], removals: Removal[] = []) => {
  const decision = decideCleanUp({ leftovers, removals }, RULES);
  return decision.kind === 'go-on' ? decision.start.map(({ id }) => id) : decision.kind;
};

describe('decideCleanUp', () => {
  it('is done when nothing is left, whatever failed on the way', () => {
    expect(starts([], [failed('a')])).toBe('clean');
  });

  it('starts so many at once, machines before their networks', () => {
    expect(starts([network('n'), vm('a'), vm('b'), vm('c')])).toEqual(['a', 'b']);
    expect(starts([network('n'), vm('a'), vm('b'), vm('c')], [open('a')])).toEqual(['b']);
    expect(starts([network('n'), vm('a')], [open('a')])).toEqual([]);
    expect(starts([network('n')], [])).toEqual(['n']);
  });

  it('tries again, goes on with what else there is, and then says what could not be removed and why', () => {
    expect(starts([vm('a')], [failed('a')])).toEqual(['a']);
    const given = [failed('a'), failed('a')];
    expect(starts([vm('a'), network('n')], given)).toEqual(['n']);
    expect(starts([vm('a'), network('n')], [...given, open('n')])).toEqual([]);
    const hopeless = decideCleanUp(
      { leftovers: [vm('a'), network('n')], removals: [...given, failed('n'), failed('n')] },
      RULES,
    );
    expect(hopeless).toEqual({ kind: 'hopeless', reasons: ['virtual-machine vm-a (no)', 'network net-n (no)'] });
  });
});

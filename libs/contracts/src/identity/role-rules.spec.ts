import { describe, expect, it } from 'vitest';
import { ruleMatches, rulesAllow } from './role-rules.js';

describe('a rule', () => {
  it.each([
    ['listHosts', 'listHosts', true],
    ['LISTHOSTS', 'listHosts', true],
    ['listHost', 'listHosts', false],
    ['list*', 'listHosts', true],
    ['*Hosts', 'listHosts', true],
    ['l*t*s', 'listHosts', true],
    ['*', 'x', true],
    ['**', 'x', true],
    ['a*a', 'a', false],
    ['ab*ba', 'aba', false],
    ['*st*st*', 'listHosts', true],
    ['*st*st*st*', 'listHosts', false],
    ['list.osts', 'listHosts', false],
  ])('%s on %s: %s', (rule, command, matches) => {
    expect(ruleMatches(rule, command)).toBe(matches);
  });

  it('is looked at in order; without one that matches it is denied', () => {
    const rules = [
      { rule: 'listHosts', permission: 'deny' },
      { rule: 'list*', permission: 'allow' },
    ] as const;
    expect(['listHosts', 'listZones', 'addHost'].map((name) => rulesAllow(rules, name))).toEqual([false, true, false]);
  });
});

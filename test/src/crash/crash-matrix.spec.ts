/**
 * The crash matrix ({@link describeCrashes}): that it leaves out no workflow, and those that have no part of their own.
 * It stands in three files, so that both workers of a run have some of it.
 */
import { expect, it } from 'vitest';
import { describeCrashes, KINDS } from './crash-cases.js';
import { missingScenarios } from './scenarios.js';

it('every workflow has a scenario, so that the matrix covers it', () => {
  expect(missingScenarios(KINDS).join('\n')).toBe('');
});

it('a workflow without its scenario is refused, by a message that says what to add', () => {
  expect(missingScenarios([...KINDS, 'teleportVirtualMachine'])).toEqual([
    expect.stringMatching(/^The workflow teleportVirtualMachine has no scenario: add one .*scenarios\.ts/),
  ]);
});

// See crash-matrix-machines.spec.ts and crash-matrix-hosts.spec.ts.
describeCrashes((area) => area !== 'compute' && area !== 'infra');

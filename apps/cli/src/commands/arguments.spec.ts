import { describe, expect, it } from 'vitest';
import { parseAssignments, parsePort, parseWords } from './arguments.js';
import { quote } from './env.command.js';
import { countTests } from './test.command.js';

describe('words of the command line', () => {
  it('key=value words are parameters; values may hold =', () => {
    expect(parseAssignments(['name=web-1', 'userdata=YQ==', 'empty='])).toEqual({
      name: 'web-1',
      userdata: 'YQ==',
      empty: '',
    });
    expect(() => parseAssignments(['name'])).toThrow('"name" is not key=value');
    expect(() => parseAssignments(['a=1', 'a=2'])).toThrow('a is given twice');
  });

  it('ports are checked, and the setting is named', () => {
    expect(parsePort('8080', '--api-port')).toEqual({ port: 8080, setting: '--api-port' });
    expect(parsePort(undefined, '--api-port')).toBeUndefined();
    expect(() => parsePort('web', '--api-port')).toThrow('--api-port is "web"; give a port from 1 to 65535.');
  });

  it('an unknown flag is refused with a hint', () => {
    expect(() => parseWords('up', ['--prot'], {})).toThrow(/dura up: Unknown option '--prot'.*"dura --help"/);
  });

  it('exports survive a shell', () => {
    expect(quote("it's")).toBe(String.raw`'it'\''s'`);
  });
});

describe('counting tests', () => {
  const report = { numPassedTests: 5, numFailedTests: 0, numPendingTests: 1, numTodoTests: 1, testResults: [] };
  const broken = { name: 'x.spec.ts', status: 'failed', message: 'cannot load', assertionResults: [] };

  it('counts what passed and what was skipped', () => {
    expect(countTests(report, 0)).toEqual({ passed: 5, failed: 0, skipped: 2 });
  });
  it('counts a spec that cannot be loaded as a failure', () => {
    expect(countTests({ ...report, testResults: [broken] }, 1).failed).toBe(1);
  });
  it('counts a run that failed for no single test as a failure', () => {
    expect(countTests(report, 1).failed).toBe(1);
  });
});

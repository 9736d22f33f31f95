/** `dura bench`: runs scenarios and prints what they found. See docs/benchmarks.md. */
import { parseArgs } from 'node:util';
import { DurastackError, isDurastackError } from '@durastack/contracts/errors';
import { endWhenInterrupted, isInterrupted } from '../support/interruption.js';
import { compareWith, formatComparisons } from './against.js';
import { describeMachine, formatMachine } from './machine.js';
import { formatCase, type BenchReport, type CaseReport } from './report.js';
import { loadScenarios } from './scenarios.js';

const PAIRS = 3;
/** Options that take a number, by how scenarios call them. */
const NUMBERS = {
  count: 'count',
  hosts: 'hosts',
  clients: 'clients',
  perSecond: 'per-second',
  rows: 'rows',
  lost: 'lost',
  vmsPerHost: 'vms-per-host',
  heartbeatMs: 'heartbeat-ms',
  runs: 'runs',
} as const;

function parseWords(words: readonly string[]) {
  const { values, positionals } = parseArgs({
    args: [...words],
    allowPositionals: true,
    options: {
      json: { type: 'boolean' },
      tiny: { type: 'boolean' },
      simulator: { type: 'boolean' },
      against: { type: 'string' },
      ...Object.fromEntries(Object.values(NUMBERS).map((name) => [name, { type: 'string' as const }])),
    },
  });
  const numbers = Object.fromEntries(
    Object.entries(NUMBERS).flatMap(([option, name]) => {
      const text = (values as Record<string, unknown>)[name];
      if (text === undefined) return [];
      const value = Number(text);
      if (!(value > 0))
        throw new DurastackError('INVALID_INPUT', `--${name} takes a number above 0, not "${String(text)}".`);
      return [[option, value]];
    }),
  ) as Partial<Record<keyof typeof NUMBERS, number>>;
  const { json = false, tiny = false, simulator = false, against } = values;
  return { names: positionals, json, tiny, simulator, against, numbers };
}

/** What each run of a comparison is called with. */
function withoutComparison(words: readonly string[]): string[] {
  const dropsNext = (word: string) => word === '--against' || word === '--runs';
  return words.filter(
    (word, index) =>
      word !== '--json' && !dropsNext(word) && !/^--(against|runs)=/.test(word) && !dropsNext(words[index - 1] ?? ''),
  );
}

/** The scenario of that name, or all of that family: `move` is `move-vm` and `move-volume`. */
function named(name: string, known: readonly string[]): readonly string[] {
  const family = known.filter((one) => one.startsWith(`${name}-`));
  return known.includes(name) || family.length === 0 ? [name] : family;
}

async function main(words: readonly string[]): Promise<void> {
  const { names, json, tiny, simulator, against, numbers } = parseWords(words);
  const machine = describeMachine();
  const known = await loadScenarios();
  const wanted = names.length === 0 ? [...known.keys()] : names.flatMap((name) => named(name, [...known.keys()]));
  const unknown = wanted.filter((name) => !known.has(name));
  if (unknown.length > 0)
    throw new DurastackError(
      'INVALID_INPUT',
      `There is no scenario "${unknown[0]}"; there are ${[...known.keys()].join(', ')}.`,
    );
  if (!json) process.stdout.write(`${formatMachine(machine)}\n`);
  if (against !== undefined) {
    const all = await compareWith(against, { words: withoutComparison(words), runs: numbers.runs ?? PAIRS }, (text) =>
      process.stderr.write(text),
    );
    const report = { machine, against, comparisons: all };
    process.stdout.write(json ? `${JSON.stringify(report, null, 2)}\n` : formatComparisons(against, all));
    return;
  }
  const cases: CaseReport[] = [];
  const onCase = (report: CaseReport): void => {
    cases.push(report);
    if (!json) process.stdout.write(`${formatCase(report)}\n`);
  };
  for (const name of wanted) await known.get(name)!.run({ ...numbers, tiny, simulator, onCase });
  if (json) process.stdout.write(`${JSON.stringify({ machine, cases } satisfies BenchReport, null, 2)}\n`);
}

endWhenInterrupted('dura bench');
try {
  await main(process.argv.slice(2));
} catch (error) {
  const text =
    isDurastackError(error) && error.code !== 'BUG' ? error.message : error instanceof Error ? error.stack : error;
  if (!isInterrupted()) process.stderr.write(`dura bench: ${String(text)}\n`);
  process.exitCode = 1;
}

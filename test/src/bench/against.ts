/** Runs scenarios here and on another commit by turns, and compares what they found pair by pair. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { DurastackError } from '@durastack/contracts/errors';
import { endTogether } from '../support/interruption.js';
import { buildOtherCommit } from './other-commit.js';
import { formatNumber, quantile, type BenchReport, type CaseReport } from './report.js';

const OWN_MAIN = fileURLToPath(new URL('./main.js', import.meta.url));

/** One figure of both. */
export interface Comparison {
  readonly case: string;
  readonly figure: string;
  readonly unit: string;
  /** Medians. */
  readonly here: number;
  readonly there: number;
  /** Median of here / there, pair by pair. */
  readonly ratio: number;
}

/**
 * Compares.
 *
 * @param words what each run is called with: scenarios and options
 * @param runs how many pairs
 * @param progress told of each run as it ends
 */
export async function compareWith(
  ref: string,
  { words, runs }: { readonly words: readonly string[]; readonly runs: number },
  progress: (text: string) => void,
): Promise<Comparison[]> {
  const other = await buildOtherCommit(ref);
  try {
    const pairs: [BenchReport, BenchReport][] = [];
    for (let turn = 1; turn <= runs; turn += 1) {
      // Whoever comes first finds a cooler machine: they take turns in that too.
      const order = turn % 2 === 1 ? [OWN_MAIN, other.main] : [other.main, OWN_MAIN];
      const reports = new Map<string, BenchReport>();
      for (const main of order) reports.set(main, await runOnce(main, words));
      pairs.push([reports.get(OWN_MAIN)!, reports.get(other.main)!]);
      progress(`pair ${turn} of ${runs} done\n`);
    }
    return comparisons(pairs);
  } finally {
    await other.remove();
  }
}

async function runOnce(main: string, words: readonly string[]): Promise<BenchReport> {
  const child = spawn(process.execPath, [main, ...words, '--json'], { stdio: ['ignore', 'pipe', 'inherit'] });
  endTogether(child, 'SIGTERM');
  const parts: Buffer[] = [];
  child.stdout.on('data', (part: Buffer) => parts.push(part));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new DurastackError('ENVIRONMENT', `${main} ended with ${String(code)}.`);
  return JSON.parse(Buffer.concat(parts).toString('utf8')) as BenchReport;
}

const keyOf = ({ scenario, title }: CaseReport) => `${scenario}: ${title}`;

/** Every figure that both have, compared. */
export function comparisons(pairs: readonly (readonly [BenchReport, BenchReport])[]): Comparison[] {
  const first = pairs[0]?.[0];
  if (!first) return [];
  const valueOf = (report: BenchReport, key: string, name: string) =>
    report.cases.find((one) => keyOf(one) === key)?.figures.find((figure) => figure.name === name)?.value;
  return first.cases.flatMap((one) =>
    one.figures.flatMap(({ name, unit }) => {
      const key = keyOf(one);
      const values = pairs.map(([here, there]) => [valueOf(here, key, name), valueOf(there, key, name)] as const);
      if (values.some(([here, there]) => here === undefined || there === undefined)) return [];
      const known = values as readonly (readonly [number, number])[];
      const median = (samples: readonly number[]) => quantile(samples, 0.5);
      return [
        {
          case: key,
          figure: name,
          unit,
          here: median(known.map(([here]) => here)),
          there: median(known.map(([, there]) => there)),
          ratio: median(known.map(([here, there]) => here / there)),
        },
      ];
    }),
  );
}

/** As lines of text. */
export function formatComparisons(ref: string, all: readonly Comparison[]): string {
  const lines: string[] = [];
  let shown = '';
  const width = Math.max(0, ...all.map(({ figure }) => figure.length));
  for (const { case: title, figure, unit, here, there, ratio } of all) {
    if (title !== shown) lines.push('', `${title}${' '.repeat(4)}here, ${ref}, here/${ref}`);
    shown = title;
    const numbers = [here, there, ratio].map((value) => formatNumber(value).padStart(9)).join(' ');
    lines.push(`  ${figure.padEnd(width)} ${numbers}  ${unit}`.trimEnd());
  }
  return `${lines.join('\n').trimStart()}\n`;
}

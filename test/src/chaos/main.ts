/** `dura chaos` after its set-up: `node test/dist/chaos/main.js [--operations N] [--seed S] [--simulator|--libvirt|--lab] [--json]`. */
import { parseArgs } from 'node:util';
import { DurastackError, isDurastackError } from '@durastack/contracts/errors';
import { render, type RunWishes } from './report.js';
import { runChaos } from './run.js';
import { SHAPES } from './shapes.js';
import { startLabWorld } from './lab-world.js';
import { startSimulatedWorld } from './simulated-world.js';
import { startLibvirtWorld } from './libvirt-world.js';

const DEFAULT_OPERATIONS = { simulator: 200, libvirt: 20, lab: 200 } as const;
const HOSTS = ['simulator', 'libvirt', 'lab'] as const;
const MOST_OPERATIONS = 1_000_000;

const START = { simulator: startSimulatedWorld, libvirt: startLibvirtWorld, lab: startLabWorld } as const;

function readWishes(): { wishes: RunWishes; json: boolean } {
  const { values } = parseArgs({
    options: {
      operations: { type: 'string' },
      seed: { type: 'string' },
      simulator: { type: 'boolean' },
      libvirt: { type: 'boolean' },
      lab: { type: 'boolean' },
      json: { type: 'boolean' },
    },
  });
  const chosen = HOSTS.filter((name) => values[name] === true);
  if (chosen.length > 1)
    throw new DurastackError(
      'INVALID_INPUT',
      `dura chaos takes one of ${HOSTS.map((name) => `--${name}`).join(', ')}.`,
    );
  const hosts = chosen[0] ?? 'simulator';
  const operations = wholeNumber('--operations', values.operations, MOST_OPERATIONS) ?? DEFAULT_OPERATIONS[hosts];
  const seed = wholeNumber('--seed', values.seed, 2 ** 32 - 1) ?? Math.floor(Math.random() * 1_000_000);
  return { wishes: { operations, seed, hosts }, json: values.json ?? false };
}

function wholeNumber(flag: string, text: string | undefined, most: number): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  throw new DurastackError('INVALID_INPUT', `${flag} is "${text}"; give a whole number from 1 to ${most}.`);
}

async function main(): Promise<number> {
  const { wishes, json } = readWishes();
  const progress = (line: string) => void process.stderr.write(`${line}\n`);
  progress(`chaos on ${wishes.hosts}: ${wishes.operations} calls, seed ${wishes.seed}; starting a cloud`);
  const interrupted = new Promise<never>((_, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const)
      process.once(signal, () => reject(new DurastackError('CANCELLED', `stopped by ${signal}`)));
  });
  interrupted.catch(() => undefined);
  const world = await START[wishes.hosts](progress);
  try {
    const run = runChaos(world, { wishes, shape: SHAPES[wishes.hosts] }, progress);
    const report = await Promise.race([run, interrupted]);
    process.stdout.write(json ? `${JSON.stringify(report, null, 2)}\n` : `${render(report).join('\n')}\n`);
    return report.ok ? 0 : 1;
  } finally {
    await world.stop();
  }
}

try {
  process.exit(await main());
} catch (error) {
  const text =
    isDurastackError(error) && error.code !== 'BUG' ? error.message : String((error as Error).stack ?? error);
  process.stderr.write(`dura chaos: ${text}\n`);
  process.exit(1);
}

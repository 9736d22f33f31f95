/** `dura`: the word after it names a command; see help.txt. */
import { readFileSync } from 'node:fs';
import { isDurastackError } from '@durastack/contracts/errors';
import { homeDirectory, SIMULATOR_HOME } from './instance/home.js';
import { explainNetworkFailure } from './system/network-failure.js';

/** A command takes the words after its name and gives the exit code. */
type CommandFunction = (words: readonly string[]) => Promise<number>;

/** Loaded when wanted: `env` and `api` are used in loops and must not load the database library. */
const COMMANDS: Readonly<Record<string, () => Promise<CommandFunction>>> = {
  up: async () => (await import('./commands/up.command.js')).upCommand,
  down: async () => (await import('./commands/down.command.js')).downCommand,
  destroy: async () => (await import('./commands/destroy.command.js')).destroyCommand,
  status: async () => (await import('./commands/status.command.js')).statusCommand,
  env: async () => (await import('./commands/env.command.js')).envCommand,
  api: async () => (await import('./commands/api.command.js')).apiCommand,
  logs: async () => (await import('./commands/logs.command.js')).logsCommand,
  doctor: async () => (await import('./commands/doctor.command.js')).doctorCommand,
  recover: async () => (await import('./commands/recover.command.js')).recoverCommand,
  whatif: async () => (await import('./commands/whatif.command.js')).whatifCommand,
  sim: async () => (await import('./commands/sim.command.js')).simCommand,
  lab: async () => (await import('./commands/lab.command.js')).labCommand,
  test: async () => (await import('./commands/test.command.js')).testCommand,
  chaos: async () => (await import('./commands/chaos.command.js')).chaosCommand,
  bench: async () => (await import('./commands/bench.command.js')).benchCommand,
};

/** What may stand behind `sim`. */
const OF_SIM = ['down', 'destroy', 'status', 'env', 'api', 'logs', 'doctor', 'recover', 'whatif'];
const HELP_WORDS = ['help', '--help', '-h'];
const USAGE_ERROR = 2;

/** `sim COMMAND` is that command, with the home of simulated hosts unless the environment names another. */
function inItsHome(words: readonly string[]): readonly string[] {
  const [name, command] = words;
  if (name !== 'sim' || command === undefined || !OF_SIM.includes(command)) return words;
  process.env['DURASTACK_HOME'] = homeDirectory(process.env, SIMULATOR_HOME);
  return words.slice(1);
}

async function main(given: readonly string[]): Promise<number> {
  const [name = 'help', ...rest] = inItsHome(given);
  if (HELP_WORDS.includes(name) || rest.includes('--help')) {
    process.stdout.write(readFileSync(new URL('../help.txt', import.meta.url)));
    return 0;
  }
  const load = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (load === undefined) {
    process.stderr.write(`dura: there is no command "${name}"; see "dura --help".\n`);
    return USAGE_ERROR;
  }
  const command = await load();
  return command(rest);
}

/** One line for what was thrown on purpose; for anything else the stack is the only help. */
function describe(error: unknown): string {
  if (isDurastackError(error) && error.code !== 'BUG') return error.message;
  if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return explainNetworkFailure(error) ?? String(error);
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

// Whoever reads our lines may stop reading ("dura up | head"); what was begun is finished all the same.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`dura: ${describe(error)}\n`);
  process.exitCode = 1;
}

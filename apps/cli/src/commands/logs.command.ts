/** `dura logs [part] [-f]`: the logs of an instance's parts. */
import { existsSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { DurastackError } from '@durastack/contracts/errors';
import { describeHome, homeDirectory } from '../instance/home.js';
import { PART_NAMES } from '../instance/instance-file.js';
import { logFileOf } from '../instance/log-file.js';
import { parseWords } from './arguments.js';

/** Prints the last lines, and with `-f` what follows. @returns exit code */
export async function logsCommand(words: readonly string[]): Promise<number> {
  const { values, positionals } = parseWords('logs', words, {
    follow: { type: 'boolean', short: 'f' },
    lines: { type: 'string', short: 'n', default: '100' },
  });
  const home = describeHome(homeDirectory());
  const parts = positionals.length === 0 ? [...PART_NAMES] : positionals;
  for (const part of positionals) {
    if (!PART_NAMES.some((name) => name === part)) {
      throw new DurastackError('INVALID_INPUT', `There is no part "${part}"; choose of ${PART_NAMES.join(', ')}.`);
    }
  }
  if (!/^\d+$/.test(values.lines)) throw new DurastackError('INVALID_INPUT', `-n ${values.lines} is no number.`);
  const files = parts.map((part) => logFileOf(home.logs, part)).filter((file) => existsSync(file));
  if (files.length === 0) throw new DurastackError('ENVIRONMENT', `There are no such logs in ${home.logs} yet.`);
  return tail(['-n', values.lines, ...(values.follow ? ['-F'] : []), '--', ...files]);
}

function tail(args: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn('tail', args, { stdio: 'inherit' });
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 0));
    // Ctrl-C ends following and is no failure of ours.
    process.on('SIGINT', () => child.kill('SIGINT'));
  });
}

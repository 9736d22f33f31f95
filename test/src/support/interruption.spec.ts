/** A program that is told to end ends all that it has started, in whatever order that goes. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const INTERRUPTION = fileURLToPath(new URL('../../dist/support/interruption.js', import.meta.url));

/** Starts two processes, of which the first ends with the second, and says when it is at work. */
const PROGRAM = `
  import { spawn } from 'node:child_process';
  import { setTimeout as sleep } from 'node:timers/promises';
  import { endTogether, endWhenInterrupted, makeScratch, onInterruption } from ${JSON.stringify(INTERRUPTION)};
  endWhenInterrupted('program');
  const { directory } = makeScratch('dura-interruption-');
  const [first, second] = [0, 1].map(() => spawn('sleep', ['600'], { stdio: 'ignore' }));
  endTogether(first);
  onInterruption(() => sleep(300));
  endTogether(second);
  second.once('exit', () => first.kill('SIGKILL'));
  // It has nothing else to do then, as a program whose main part has failed.
  first.once('exit', () => (process.exitCode = 1));
  process.stdout.write(directory);
`;

it.each([
  ['SIGTERM', 143],
  ['SIGINT', 130],
] as const)('%s, while what it has started ends by itself', async (signal, code) => {
  const program = spawn(process.execPath, ['--input-type=module', '-e', PROGRAM], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(program, 'exit');
  const [directory] = await once(program.stdout, 'data');
  program.kill(signal);
  expect((await ended)[0]).toBe(code);
  expect(existsSync(String(directory))).toBe(false);
});

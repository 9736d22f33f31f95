/** A bench or a chaos that is told to end in the middle leaves no process and no file behind. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../support/basis.js';

const DURA = resolve(fileURLToPath(new URL('../../../apps/cli/dist/main.js', import.meta.url)));
const LIMIT_MS = 180_000;

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'dura-int-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** Processes whose temporary files lie in the directory: command lines by process id. */
function living(): ReadonlyMap<number, string> {
  const found = new Map<number, string>();
  for (const pid of readdirSync('/proc').map(Number).filter(Number.isInteger)) {
    try {
      const [command = '', environment] = ['cmdline', 'environ'].map((file) =>
        readFileSync(`/proc/${pid}/${file}`, 'utf8'),
      );
      if (`${command}${environment}`.includes(directory)) found.set(pid, command.replaceAll('\0', ' '));
    } catch {
      // It has ended meanwhile.
    }
  }
  return found;
}

describe('told to end in the middle of it', () => {
  const cases: [words: string[], signal: NodeJS.Signals, code: number][] = [
    // Operations enough to be at it for longer than any test.
    [['bench', 'latency', '--simulator', '--count', '100000'], 'SIGTERM', 143],
    [['bench', 'auth', '--count', '100000000'], 'SIGINT', 130],
    [['chaos', '--operations', '100000'], 'SIGTERM', 1],
  ];

  it.each(cases)('%j by %s', { timeout: LIMIT_MS }, async (words, signal, code) => {
    const env = { ...process.env, TMPDIR: directory };
    const dura = spawn(process.execPath, [DURA, ...words], { env, stdio: 'ignore' });
    try {
      const ended = once(dura, 'exit');
      const isLiving = (program: string) => [...living().values()].some((one) => one.includes(program));
      const worksWith = words[1] === 'auth' ? 'mariadbd' : 'apps/worker/dist/main.js';
      await eventually('it being at work', async () => isLiving(worksWith), LIMIT_MS / 2);
      dura.kill(signal);
      expect((await ended)[0]).toBe(code);
      expect([...living().values()]).toEqual([]);
      expect(readdirSync(directory)).toEqual([]);
    } finally {
      for (const pid of living().keys()) process.kill(pid, 'SIGKILL');
    }
  });
});

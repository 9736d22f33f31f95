import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { shellLine, shellWord } from './shell-text.js';

const WORDS = [
  '',
  'plain',
  'two words',
  "it's",
  "'",
  "''\\''",
  '"$HOME" `id` $(id) ${PATH}',
  'a;b&&c|d>e<f',
  '-n',
  '*?[a]~#!',
  'line\nline\r\ttab',
  '\\',
  'trailing\n',
  'ünï—€',
];

describe.each(['sh', 'bash'])('shell text under %s', (shell) => {
  it('passes every word unchanged', () => {
    const line = `printf '%s\\0' ${shellLine(WORDS)}`;
    const printed = execFileSync(shell, ['-c', line], { encoding: 'utf8' });
    expect(printed.split('\0').slice(0, -1)).toEqual(WORDS);
  });

  it('passes them through two shells', () => {
    const inner = `printf '%s\\0' ${shellLine(WORDS)}`;
    const printed = execFileSync(shell, ['-c', shellLine(['sh', '-c', inner])], { encoding: 'utf8' });
    expect(printed.split('\0').slice(0, -1)).toEqual(WORDS);
  });
});

it('refuses a NUL', () => {
  expect(() => shellWord('a\0b')).toThrow(/NUL/);
});

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { installPackages, missingPackages } from './debian-packages.js';

let directory: string;
let path: string | undefined;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'dura-cli-'));
  path = process.env['PATH'];
});
afterEach(() => {
  process.env['PATH'] = path;
  rmSync(directory, { recursive: true });
});

/** Programs that stand in for the machine's, whose package archive cannot be broken for a test. */
function stand(programs: Record<string, string>): void {
  for (const [name, script] of Object.entries(programs)) {
    writeFileSync(join(directory, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }
  process.env['PATH'] = `${directory}:${path}`;
}

describe('Debian packages', () => {
  it('of this machine: what is there is not missing, what does not exist is', async () => {
    expect(await missingPackages(['bash', 'no-such-package-anywhere', 'coreutils'])).toEqual([
      'no-such-package-anywhere',
    ]);
  });

  it('nothing is installed when nothing is missing', async () => {
    stand({ 'apt-get': 'echo must not be called >&2; exit 1' });
    expect(await installPackages(['bash', 'coreutils'])).toEqual([]);
  });

  it('only what is missing is installed, after new lists when the first try fails', async () => {
    const log = join(directory, 'log');
    stand({
      'dpkg-query': `echo bash installed; test ! -e ${directory}/done || echo foo installed`,
      'apt-get': `echo "$@" >>${log}; case $* in *update*) touch ${directory}/lists;; *) test -e ${directory}/lists && touch ${directory}/done;; esac`,
    });
    expect(await installPackages(['bash', 'foo'])).toEqual(['foo']);
    const calls = readFileSync(log, 'utf8').trim().split('\n');
    expect(calls.map((call) => call.split(' ').slice(6).join(' '))).toEqual([
      'install --no-install-recommends foo',
      'update',
      'install --no-install-recommends foo',
    ]);
    expect(calls[0]).toContain('DPkg::Lock::Timeout=600');
  });

  it.each([
    ['E: Failed to fetch http://x: Temporary failure resolving x', /there is no network/],
    ['E: The repository is not signed.\nCertificate verification failed: untrusted', /certificate/],
    ["E: You don't have enough free space in /var/cache/apt/archives/.", /disk is full/],
    ['E: Unable to locate package foo', /Installing foo failed: Unable to locate package foo\.$/],
  ])('a failure is one line: %s', async (said, sentence) => {
    stand({ 'dpkg-query': 'exit 1', 'apt-get': `echo "${said}" >&2; exit 100` });
    await expect(installPackages(['foo'])).rejects.toThrow(sentence);
  });
});

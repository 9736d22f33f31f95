import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CHECKOUT } from './instance/home.js';
import { run } from './system/run.js';

const DURA = join(CHECKOUT, 'dura');
let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'dura-cli-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

/** A folder with programs that only say something. */
function programs(name: string, scripts: Record<string, string>): string {
  const bin = join(directory, name);
  mkdirSync(bin, { recursive: true });
  for (const [program, script] of Object.entries(scripts)) {
    writeFileSync(join(bin, program), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }
  return bin;
}

describe('./dura', () => {
  it('gives its help at once, from any directory, without Node', async () => {
    const { code, stdout } = await run('/bin/bash', [DURA, '--help'], { cwd: '/', env: { PATH: '/usr/bin:/bin' } });
    expect(code).toBe(0);
    expect(stdout).toBe(readFileSync(join(CHECKOUT, 'apps/cli/help.txt'), 'utf8'));
    for (const command of ['up', 'down', 'destroy', 'status', 'env', 'api', 'logs', 'test']) {
      expect(stdout).toContain(`dura ${command}`);
    }
  });

  it('says in one line where to get Node when there is none, or an old one', async () => {
    const tools = programs('tools', {});
    for (const tool of ['dirname', 'readlink']) symlinkSync(`/usr/bin/${tool}`, join(tools, tool));
    const none = await run('/bin/bash', [DURA, 'status'], { env: { PATH: tools } });
    expect(none.code).toBe(1);
    expect(none.stderr).toMatch(
      /^dura: Node >= 20\.20 is needed and no "node" is on PATH; get it from https:\S+ .*\n$/,
    );
    const old = programs('old', { node: 'case $1 in --version) echo v18.20.4;; *) exit 1;; esac' });
    const result = await run('/bin/bash', [DURA, 'status'], { env: { PATH: `${old}:${tools}` } });
    expect(result.code).toBe(1);
    expect(result.stderr).toMatch(/^dura: Node >= 20\.20 is needed, this is v18\.20\.4; get it from .*\n$/);
  });

  it('says in one line that it needs root', async () => {
    const id = programs('nobody', { id: 'echo 1000' });
    const env = { ...process.env, PATH: `${id}:${process.env['PATH']}` };
    const { code, stderr } = await run('/bin/bash', [DURA, 'up'], { env });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^dura: "dura up" .*needs root: sudo .*dura up\n$/);
  });

  it.each([
    ['SELF_SIGNED_CERT_IN_CHAIN', /certificate of the registry is not trusted/],
    ['EAI_AGAIN', /registry cannot be reached; check the network/],
    ['ENOSPC', /disk is full/],
  ])('says in one line why npm failed: %s', async (code, sentence) => {
    const checkout = join(directory, `checkout-${code}`);
    mkdirSync(checkout);
    copyFileSync(DURA, join(checkout, 'dura'));
    writeFileSync(join(checkout, 'package-lock.json'), '{}');
    const npm = programs(`npm-${code}`, { npm: `echo "npm error code ${code}" >&2; exit 1` });
    const env = { PATH: `${npm}:${dirname(process.execPath)}:/usr/bin:/bin`, TMPDIR: directory };
    const result = await run('/bin/bash', [join(checkout, 'dura'), 'status'], { env });
    expect(result.code).toBe(1);
    const lines = result.stderr.trim().split('\n');
    expect(lines.at(-1)).toMatch(/^dura: Installing the npm packages failed: /);
    expect(lines.at(-1)).toMatch(sentence);
    expect(lines.length).toBe(2);
  });

  it('refuses a command that does not exist, and a missing instance', async () => {
    const main = join(CHECKOUT, 'apps/cli/dist/main.js');
    const env = { ...process.env, DURASTACK_HOME: join(directory, 'none') };
    const unknown = await run(process.execPath, [main, 'frobnicate'], { env });
    expect([unknown.code, unknown.stderr]).toEqual([2, 'dura: there is no command "frobnicate"; see "dura --help".\n']);
    const api = await run(process.execPath, [main, 'api', 'listZones'], { env });
    expect(api.code).toBe(1);
    expect(api.stderr).toMatch(/^dura: There is no running instance in .*; start one with "dura up"\.\n$/);
    const destroy = await run(process.execPath, [main, 'destroy', '--yes'], { env });
    expect([destroy.code, destroy.stdout]).toEqual([0, expect.stringMatching(/nothing to remove/)]);
    const status = await run(process.execPath, [main, 'status', '--json'], { env });
    expect(status.code).toBe(3);
    expect(JSON.parse(status.stdout)).toMatchObject({ urls: {}, hosts: null, operations: null });
  });
});

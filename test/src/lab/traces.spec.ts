/** A lab of its own: it goes up, up again, and down, and nothing of it is left, also after it was killed on the way. */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describeHome } from '@durastack/cli/instance/home';
import { Lab } from '@durastack/cli/lab/lab-file';
import { initPid, readPower } from '@durastack/cli/lab/host/power';
import { run } from '@durastack/cli/system/run';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { eventually } from '../support/basis.js';
import { dura } from './use-lab.js';

const TIMEOUT_MS = 300_000;
const MAIN = fileURLToPath(new URL('../../../apps/cli/dist/main.js', import.meta.url));

let parent: string;
let home: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'dura-traces-'));
  home = join(parent, 'lab');
});
afterEach(async () => {
  if (existsSync(home)) await dura(home, ['lab', 'down']);
  rmSync(parent, { recursive: true, force: true });
}, TIMEOUT_MS);

/** What of this machine names the lab: other labs and tests run beside it. */
async function traces() {
  const { name } = describeHome(home);
  const isOurs = (text: string): boolean => text.includes(home) || text.includes(name);
  const lines = async (program: string, args: readonly string[]) =>
    (await run(program, args)).stdout.split('\n').filter(isOurs);
  return {
    processes: readdirSync('/proc').filter(
      (pid) => /^\d+$/.test(pid) && pid !== String(process.pid) && isOurs(describeProcess(pid)),
    ),
    namespaces: await lines('ip', ['netns', 'list']),
    links: await lines('ip', ['-oneline', 'link', 'show']),
    addresses: await lines('ip', ['-oneline', 'address', 'show']),
    tables: await lines('nft', ['list', 'tables']),
    mounts: readFileSync('/proc/self/mounts', 'utf8').split('\n').filter(isOurs),
    files: ['/run', '/run/durastack', '/run/netns', '/var/run/openvswitch', '/etc/libvirt/qemu', '/opt', '/srv', '/mnt']
      .filter((folder) => existsSync(folder))
      .flatMap((folder) => readdirSync(folder).filter(isOurs)),
    home: existsSync(home),
  };
}

const NOTHING = {
  processes: [],
  namespaces: [],
  links: [],
  addresses: [],
  tables: [],
  mounts: [],
  files: [],
  home: false,
};

/** Its words, and what it has mounted and holds open: a process of a host names the lab in one of them. */
function describeProcess(pid: string): string {
  const texts = ['cmdline', 'mountinfo'].map((file) => attempt(() => readFileSync(`/proc/${pid}/${file}`, 'utf8')));
  return [...texts, attempt(() => readlinkSync(`/proc/${pid}/cwd`))].join('\n');
}

/** Processes end between being listed and being read. */
function attempt(look: () => string): string {
  try {
    return look();
  } catch {
    return '';
  }
}

it('goes up, is repeated, and goes down without a trace', { timeout: TIMEOUT_MS }, async () => {
  expect(await traces()).toEqual(NOTHING);
  await dura(home, ['lab', 'up', '--hosts', '2']);
  const lab = Lab.open(describeHome(home));
  const [first, second] = lab?.hosts ?? [];
  expect((await traces()).namespaces).toHaveLength(3);
  const status = JSON.parse(await dura(home, ['status', '--json'])) as { hosts: { state: string }[] };
  expect(status.hosts.map((host) => host.state)).toEqual(['Up', 'Up']);
  expect(await dura(home, ['lab', 'exec', 'host-2', '--', 'hostname'])).toBe('host-2\n');
  const bootIds = [first, second].map((host) => readPower(host?.directory ?? '').bootId);

  // One host is gone behind the lab's back; the other one goes on.
  process.kill(initPid(first?.directory ?? '') ?? -1, 'SIGKILL');
  expect(await dura(home, ['lab', 'status'])).toMatch(/host-1 .*crashed/);
  await dura(home, ['lab', 'up']);
  const [firstNow, secondNow] = [first, second].map((host) => readPower(host?.directory ?? '').bootId);
  expect(firstNow).not.toBe(bootIds[0]);
  expect(secondNow).toBe(bootIds[1]);

  await dura(home, ['lab', 'down']);
  expect(await traces()).toEqual(NOTHING);
  expect(await dura(home, ['lab', 'down'])).toMatch(/There is no lab/);
});

it('is taken down whenever it was killed on its way up', { timeout: TIMEOUT_MS }, async () => {
  for (const afterMs of [500, 4_000]) {
    const env = { ...process.env, DURASTACK_HOME: home };
    const child = spawn(process.execPath, [MAIN, 'lab', 'up', '--hosts', '1'], { env, stdio: 'ignore' });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    await eventually('the beginning of a lab', () => Promise.resolve(existsSync(join(home, 'lab.json'))));
    await sleep(afterMs);
    child.kill('SIGKILL');
    await ended;
    await dura(home, ['lab', 'down']);
    expect(await traces()).toEqual(NOTHING);
  }
});

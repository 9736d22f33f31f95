import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CommandFixture } from '../testing/command-fixture.js';
import type { RunResult } from '../system/run.js';

const fixture = new CommandFixture();
beforeAll(() => fixture.setUp());
afterAll(() => fixture.tearDown());

/** What is left of a run: exit code, lines on standard error, processes that run. */
async function outcome(home: string, result: RunResult) {
  const { processes } = await fixture.status(home);
  const running = processes.filter((process) => process.state === 'running').map((process) => process.name);
  return { code: result.code, lines: result.stderr.trim().split('\n'), running };
}

/** One line, exit code 1, no process left. */
const clean = (line: RegExp) => ({ code: 1, lines: [expect.stringMatching(line) as string], running: [] });

describe('dura up that cannot', () => {
  it('names an explicit port that is taken', async () => {
    const listener = `require('net').createServer().listen(8123, '127.0.0.1')`;
    const script = `${process.execPath} -e "${listener}" & PID=$!; sleep 0.5; "$@"; CODE=$?; kill $PID; exit $CODE`;
    const shield = ['/bin/sh', '-c', script, 'shield'];
    const result = await fixture.dura('port', ['up', '--api-port', '8123'], { shield });
    expect(await outcome('port', result)).toEqual(
      clean(/^dura: Port 8123 \(--api-port\) is in use by another program; stop/),
    );
  });

  it('says that libvirt is broken, with what it said and where', async () => {
    const script = 'mount --bind /bin/false "$(command -v libvirtd)"; exec "$@"';
    const shield = ['unshare', '--mount', '/bin/sh', '-c', script, 'shield'];
    const result = await fixture.dura('libvirt', ['up'], { shield });
    expect(await outcome('libvirt', result)).toEqual(
      clean(/^dura: The private libvirtd ended at once: .*libvirtd\.log/),
    );
  });

  it('says that there is no network when it must fetch something', async () => {
    const path = `${dirname(process.execPath)}:/usr/sbin:/usr/bin:/sbin:/bin`;
    const result = await fixture.dura('offline', ['up'], { path });
    expect(await outcome('offline', result)).toEqual(
      clean(/^dura: Temporal \S+ could not be fetched \(.*there is no network/),
    );
  });

  it('says that the disk has too little room', async () => {
    const script = 'mount -t tmpfs -o size=300m none "$DURASTACK_HOME"; exec "$@"';
    const shield = ['unshare', '--mount', '/bin/sh', '-c', `mkdir -p "$DURASTACK_HOME"; ${script}`, 'shield'];
    const result = await fixture.dura('disk', ['up'], { shield });
    expect(result.stderr).toMatch(/^dura: The disk of \S+ has \d+ MiB free and 1024 MiB are needed; free some space/);
    expect(result.code).toBe(1);
    expect(existsSync(`${fixture.home('disk')}/instance.json`)).toBe(false);
  });

  it('is interrupted stops what it has started', async () => {
    // Four seconds on, the database runs and libvirt looks at its emulators.
    const shield = ['timeout', '--preserve-status', '--signal=INT', '4'];
    const result = await fixture.dura('interrupted', ['up'], { shield });
    expect(result.code).toBe(130);
    expect(result.stdout).toContain('Stopping what was started...');
    expect(await fixture.processesWith(fixture.home('interrupted'))).toEqual([]);
  });
});

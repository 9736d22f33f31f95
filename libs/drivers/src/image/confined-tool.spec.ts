import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canDropPrivileges, runConfined } from './confined-tool.js';

const limits = { cpuSeconds: 1, maxFileBytes: 4096 };

describe('runConfined', () => {
  let dir: string;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'confined-'));
  });
  afterAll(() => rm(dir, { recursive: true, force: true }));

  it('leaves a root process no identity and no privilege', async () => {
    const status = await runConfined('cat', ['/proc/self/status'], limits, {});
    expect(status).toMatch(/^NoNewPrivs:\t1$/m);
    if (!canDropPrivileges()) return;
    expect(status).toMatch(/^Uid:\t65534\t65534\t65534\t65534$/m);
    expect(status).toMatch(/^Gid:\t65534\t65534\t65534\t65534$/m);
    expect(status).toMatch(/^Groups:\t*\s*$/m);
    for (const set of ['Inh', 'Prm', 'Eff', 'Bnd', 'Amb']) expect(status).toMatch(new RegExp(`^Cap${set}:\t0+$`, 'm'));
  });

  it('reads a file that is handed over, and no other below a closed folder', async () => {
    const path = join(dir, 'closed');
    await writeFile(path, 'handed over', { mode: 0o644 });
    const file = await open(path, 'r');
    try {
      expect(await runConfined('cat', ['/proc/self/fd/3'], limits, { files: [file.fd] })).toBe('handed over');
      if (canDropPrivileges())
        await expect(runConfined('cat', [path], limits, {})).rejects.toThrow('Permission denied');
    } finally {
      await file.close();
    }
  });

  it('ends what takes too much time, memory or disk', async () => {
    const loop = runConfined('sh', ['-c', 'while :; do :; done'], limits, {});
    await expect(loop).rejects.toMatchObject({ details: { signal: 'SIGKILL' } });
    const greedy = runConfined('dd', ['if=/dev/zero', 'of=/dev/null', 'bs=4G', 'count=1'], limits, {});
    await expect(greedy).rejects.toThrow('exhausted');
    const file = await open(join(dir, 'long'), 'w');
    try {
      const writer = runConfined('dd', ['if=/dev/zero', 'bs=8192', 'count=9'], limits, { stdoutFile: file.fd });
      await expect(writer).rejects.toMatchObject({ code: 'STEP_REFUSED' });
      expect((await file.stat()).size).toBeLessThanOrEqual(4096);
    } finally {
      await file.close();
    }
  });
});

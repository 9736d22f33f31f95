import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { runMaintenanceHook } from './maintenance-hook.js';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hooks-'));
});
beforeEach(() => chmod(directory, 0o755));
afterAll(() => rm(directory, { recursive: true }));

const signal = new AbortController().signal;
const hook = async (script: string, mode = 0o755) => {
  const path = join(directory, 'Maintenance');
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, mode);
};
const runIt = (options: { payload?: string; timeoutMs?: number; signal?: AbortSignal } = {}) =>
  runMaintenanceHook(
    directory,
    {
      stage: 'Maintenance',
      timeoutMs: options.timeoutMs ?? 20_000,
      ...(options.payload === undefined ? {} : { payload: options.payload }),
    },
    { signal: options.signal ?? signal },
  );

describe('a maintenance script', () => {
  it('that is not there is no error', async () =>
    expect(await runMaintenanceHook(directory, { stage: 'PreFlight', timeoutMs: 1_000 }, { signal })).toEqual({
      outcome: 'absent',
      output: '',
    }));

  it('gets the payload as one argument, whatever is in it, and no environment of the agent', async () => {
    process.env['HOOK_SPEC_SECRET'] = 'leak';
    await hook('echo "$# [$1] [$HOOK_SPEC_SECRET]"');
    expect(await runIt({ payload: 'a b; $(id) "c"' })).toEqual({ outcome: 'done', output: '1 [a b; $(id) "c"] []' });
    expect((await runIt()).output).toBe('0 [] []');
  });

  it('says by its status that the host is to be passed over', async () => {
    await hook('echo "kernel is new" >&2; exit 70');
    expect(await runIt()).toEqual({ outcome: 'avoid', output: 'kernel is new' });
  });

  it('that fails is an error with its last words', async () => {
    await hook('echo "no mirror" >&2; exit 3');
    await expect(runIt()).rejects.toMatchObject({
      code: 'STEP_REFUSED',
      message: expect.stringContaining('no mirror'),
    });
  });

  it('is ended, with what it started, past its time and on a cancel', async () => {
    await hook('sleep 600 & sleep 600');
    await expect(runIt({ timeoutMs: 300 })).rejects.toMatchObject({ code: 'TIMEOUT' });
    const cancel = new AbortController();
    setTimeout(() => cancel.abort(), 200);
    await expect(runIt({ signal: cancel.signal })).rejects.toMatchObject({ code: 'CANCELLED' });
  });

  it.each([
    ['writable by others', 0o777, 0o755],
    ['in a directory that others can write', 0o755, 0o777],
  ])('is refused when it is %s', async (_, mode, directoryMode) => {
    await hook('echo no', mode);
    await chmod(directory, directoryMode);
    await expect(runIt()).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });

  it('that is not executable is an error', async () => {
    await hook('echo no', 0o644);
    await expect(runIt()).rejects.toMatchObject({ code: 'STEP_REFUSED' });
  });
});

import type { TaskStatus } from '@durastack/contracts/agent/verbs';
import { DurastackError } from '@durastack/contracts/errors';
import { describe, expect, it } from 'vitest';
import { nearOutcome, stayNear } from './stay-near.js';

const running: TaskStatus = { key: 'k', verb: 'sendVm', state: 'running' };
const answering = (...answers: (TaskStatus | DurastackError)[]) => {
  const left = [...answers];
  return async (): Promise<TaskStatus> => {
    const answer = left.length > 1 ? left.shift()! : left[0]!;
    if (answer instanceof DurastackError) throw answer;
    return answer;
  };
};

describe('staying near a task', () => {
  it('asks until it has ended', async () => {
    const ask = answering(running, running, { ...running, state: 'done' });
    expect((await stayNear({ ask, worthIt: () => true })).state).toBe('done');
  });

  it('goes as soon as it is not worth it', async () => {
    const ask = answering(running, { ...running, percent: 1 }, { ...running, state: 'done' });
    expect(await stayNear({ ask, worthIt: ({ percent }) => percent === undefined })).toMatchObject({ percent: 1 });
  });

  it('goes after a while whatever comes, and has shown how far it was', async () => {
    const shown: TaskStatus[] = [];
    const show = async (status: TaskStatus): Promise<void> => void shown.push(status);
    expect((await stayNear({ ask: answering(running), worthIt: () => true, show })).state).toBe('running');
    expect(shown.length).toBeGreaterThan(0);
  });

  it('comes back at once to what may end soon, and later to what may not', () => {
    const left = (remainingBytes: number, bytesPerSecond?: number) => {
      const progress = { processedBytes: 0, remainingBytes, totalBytes: remainingBytes, bytesPerSecond };
      return nearOutcome({ ...running, progress });
    };
    expect(nearOutcome(running)).toMatchObject({ done: false, pollMs: 0 });
    expect(left(2 ** 20)).toMatchObject({ done: false, pollMs: 0 });
    expect(left(2 ** 30, 2 ** 29)).toMatchObject({ done: false, pollMs: 0 });
    expect(left(2 ** 30, 2 ** 27)).toMatchObject({ done: false, pollMs: 1_000 });
    expect(nearOutcome({ ...running, state: 'done' })).toEqual({ done: true });
  });

  it('passes a failure on', async () => {
    const ask = answering(running, new DurastackError('HOST_UNREACHABLE', 'Gone.'));
    await expect(stayNear({ ask, worthIt: () => true })).rejects.toMatchObject({ code: 'HOST_UNREACHABLE' });
  });
});

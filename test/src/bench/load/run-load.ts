/** Starts the generator, signs what it shall send, and hears what came of it. */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { DurastackError } from '@durastack/contracts/errors';
import { signRequest } from '@durastack/kit/cloudstack/signature';
import { endTogether } from '../../support/interruption.js';
import { nextMessage } from './child-messages.js';
import type { LoadOrder, LoadResult } from './generator.js';

const PROGRAM = fileURLToPath(new URL('./generator.js', import.meta.url));
const EXPIRES_MS = 30 * 60_000;

/** Who signs. */
export interface Keys {
  readonly apiKey: string;
  readonly secretKey: string;
}

/** One signed call as form data. */
export function signedCall(command: string, params: Readonly<Record<string, string>>, keys: Keys): string {
  const unsigned = {
    ...params,
    command,
    response: 'json',
    apiKey: keys.apiKey,
    signatureVersion: '3',
    expires: new Date(Date.now() + EXPIRES_MS).toISOString().replace(/\.\d+Z$/, '+0000'),
  };
  return new URLSearchParams({ ...unsigned, signature: signRequest(unsigned, keys.secretKey) }).toString();
}

/** A generator that is ready before the clock runs. */
export interface Generator {
  run(order: LoadOrder): Promise<LoadResult>;
  stop(): void;
}

/** Starts one. */
export function startGenerator(): Generator {
  const child = fork(PROGRAM, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  endTogether(child);
  return {
    async run(order) {
      const answered = nextMessage<LoadResult>(child, 'The load generator');
      child.send(order);
      const result = await answered;
      if (result.failed > 0) {
        throw new DurastackError(
          'STEP_REFUSED',
          `${result.failed} of ${order.calls.length} calls failed; the first: ${result.firstFailure ?? ''}`,
        );
      }
      return result;
    },
    stop: () => void child.kill('SIGTERM'),
  };
}

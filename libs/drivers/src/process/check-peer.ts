/** What a host sees of another one's address. */
import { connect } from 'node:net';
import type { VerbParams, VerbResult } from '@durastack/contracts/agent/verbs';
import { DurastackError } from '@durastack/contracts/errors';

/** A living machine on the same site answers within milliseconds. */
const WITHIN_MS = 1_500;
/** Nobody answers, or nobody is there to be asked. */
const SILENT = new Set(['EHOSTUNREACH', 'EHOSTDOWN', 'ENETUNREACH', 'ETIMEDOUT']);

/**
 * Opens a connection to another host's agent and closes it again. A refusal is an answer: the machine lives.
 *
 * @throws DurastackError STEP_REFUSED when this host itself cannot look
 */
export function checkPeer(
  { url }: VerbParams<'checkPeer'>,
  { signal }: { readonly signal: AbortSignal },
): Promise<VerbResult<'checkPeer'>> {
  const { hostname, port } = new URL(url.replace(/^agent:/, 'https:'));
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 443), signal });
    const end = (sees: VerbResult<'checkPeer'>['sees']): void => {
      socket.destroy();
      resolve({ sees });
    };
    socket.setTimeout(WITHIN_MS, () => end('nothing'));
    socket.once('connect', () => end('agent'));
    socket.once('error', (error: NodeJS.ErrnoException) => {
      const { code = '' } = error;
      if (code === 'ECONNREFUSED' || code === 'ECONNRESET') end('machine');
      else if (SILENT.has(code)) end('nothing');
      else
        reject(new DurastackError('STEP_REFUSED', `${url} could not be tried from here (${code}).`, { cause: error }));
    });
  });
}

import type { Duplex } from 'node:stream';
import { hostCertificateName } from '@durastack/contracts/agent/wire';
import { DurastackError, isErrorCode } from '@durastack/contracts/errors';
import { createWebSocketStream, WebSocket, type ClientOptions } from 'ws';
import { agentOrigin, connectionFailure } from './transport.js';

/** Who asks, as PEM texts. */
interface Caller {
  readonly caPem: string;
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

/**
 * Opens the console of a machine through its host's agent.
 *
 * @returns raw RFB bytes both ways; ending or destroying it closes the connection
 * @throws DurastackError NOT_FOUND when the machine does not run there, HOST_UNREACHABLE
 */
export function openConsoleStream(
  identity: Caller,
  host: { readonly id: string; readonly url: string },
  vmId: string,
  options: { timeoutMs: number; signal?: AbortSignal },
): Promise<Duplex> {
  const url = `${agentOrigin(host.url).replace(/^https/, 'wss')}/v1/console/${encodeURIComponent(vmId)}`;
  const tls: ClientOptions & { servername: string } = {
    ca: identity.caPem,
    cert: identity.certificatePem,
    key: identity.privateKeyPem,
    servername: hostCertificateName(host.id),
    handshakeTimeout: options.timeoutMs,
    perMessageDeflate: false,
  };
  const socket = new WebSocket(url, tls);
  return new Promise<Duplex>((resolve, reject) => {
    const abort = (): void => {
      reject(new DurastackError('CANCELLED', `Opening the console of ${vmId} was cancelled.`));
      socket.terminate();
    };
    options.signal?.addEventListener('abort', abort, { once: true });
    socket.once('open', () => {
      options.signal?.removeEventListener('abort', abort);
      resolve(createWebSocketStream(socket));
    });
    socket.on('error', (error) => reject(connectionFailure(error, `the console at host ${host.id}`)));
    socket.once('unexpected-response', (request, response) => {
      const code = response.headers['x-durastack-error'];
      const known = typeof code === 'string' && isErrorCode(code) ? code : 'STEP_REFUSED';
      reject(new DurastackError(known, `Host ${host.id} opens no console of ${vmId} (status ${response.statusCode}).`));
      response.resume();
      request.destroy();
    });
  });
}

/** How the source's agent reaches the destination's: under its own certificate, to exactly that host, with the ticket. */
import { request } from 'node:https';
import type { Duplex } from 'node:stream';
import type { SecureContext } from 'node:tls';
import type { MigrationDestination } from '@durastack/contracts/agent/migration';
import { hostCertificateName } from '@durastack/contracts/agent/wire';
import { DurastackError, isErrorCode } from '@durastack/contracts/errors';
import type { RemoteReceiver } from '@durastack/drivers/driver';
import { agentOrigin, connectionFailure } from '@durastack/kit/agent-client/transport';
import { z } from 'zod';
import { parse } from '../host/verb-dispatch.js';
import {
  ERROR_HEADER,
  finishReply,
  heard,
  MIGRATION_PROTOCOL,
  orThrow,
  postCopyReply,
  prepareReply,
  say,
  TICKET_HEADER,
} from './session-wire.js';

const CONNECT_MS = 10_000;
/** The destination may have to start a QEMU, or to load its state. */
const ANSWER_MS = 90_000;
const KEEP_ALIVE_MS = 5_000;

/** Where a machine or volume goes, and as whom. */
export interface Journey {
  readonly subjectId: string;
  readonly destination: MigrationDestination;
  readonly context: SecureContext;
}

/**
 * Shows the ticket.
 *
 * @throws DurastackError FORBIDDEN when it is not taken, HOST_UNREACHABLE, the signal's reason
 */
export async function reachDestination(journey: Journey, signal: AbortSignal): Promise<RemoteReceiver> {
  const session = await connect(journey, 'session', signal);
  session.on('error', () => session.destroy());
  const answers = heard(session);
  // All memory comes before the last answer then, which takes as long as it takes; a dead connection ends by itself.
  let byPostCopy = false;
  const ask = async <S extends z.ZodType>(question: object, reply: S): Promise<z.infer<S>> => {
    say(session, question);
    const timer = byPostCopy ? undefined : setTimeout(() => session.destroy(), ANSWER_MS);
    const answer = await answers.next().finally(() => clearTimeout(timer));
    if (answer.done === true) throw gone(journey);
    return parse(reply, answer.value, 'migration');
  };
  return {
    prepare: async ({ description, cookie }) =>
      orThrow(await ask({ call: 'prepare', description, cookie }, prepareReply)),
    openStream: () => connect(journey, 'stream', signal),
    openDiskStream: () => connect(journey, 'disk', signal),
    beginPostCopy: async () => {
      orThrow(await ask({ call: 'begin-post-copy' }, postCopyReply));
      byPostCopy = true;
    },
    finish: async ({ cookie }) => orThrow(await ask({ call: 'finish', cookie }, finishReply)),
    close: () => session.destroy(),
  };
}

function connect(journey: Journey, kind: 'session' | 'stream' | 'disk', signal: AbortSignal): Promise<Duplex> {
  const { subjectId, destination, context } = journey;
  const url = new URL(`/v1/migrations/${subjectId}/${kind}`, agentOrigin(destination.url));
  const tls: { secureContext: SecureContext; servername: string } = {
    secureContext: context,
    servername: hostCertificateName(destination.hostId),
  };
  const headers = { connection: 'Upgrade', upgrade: MIGRATION_PROTOCOL, [TICKET_HEADER]: destination.ticket };
  const peer = `the agent of host ${destination.hostId}`;
  return new Promise<Duplex>((resolve, reject) => {
    const timeout = AbortSignal.timeout(CONNECT_MS);
    const asking = request(url, { ...tls, agent: false, headers, signal: AbortSignal.any([timeout, signal]) });
    asking.once('upgrade', (_response, socket, head) => {
      socket.setKeepAlive(true, KEEP_ALIVE_MS);
      if (head.length > 0) socket.unshift(head);
      resolve(socket);
    });
    asking.once('response', (response) => {
      const code = response.headers[ERROR_HEADER];
      const known = typeof code === 'string' && isErrorCode(code) ? code : 'STEP_REFUSED';
      response.resume();
      reject(new DurastackError(known, `${peer} does not take ${subjectId} (status ${response.statusCode}).`));
    });
    asking.on('error', (error) => reject(signal.aborted ? signal.reason : connectionFailure(error, peer)));
    asking.end();
  });
}

function gone({ destination }: Journey): DurastackError {
  return new DurastackError('HOST_UNREACHABLE', `Host ${destination.hostId} ended the migration's connection.`);
}

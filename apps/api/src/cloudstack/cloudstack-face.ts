/** CloudStack's query API: `/client/api`, GET and POST, JSON and XML. */
import { Readable } from 'node:stream';
import { asDurastackError, DurastackError, ERROR_KINDS } from '@durastack/contracts/errors';
import type { Command, ResultOf } from '@durastack/contracts/command';
import { autocommit } from '@durastack/store/database/transaction';
import type { Caller } from '@durastack/store/identity/caller';
import { hiddenFrom, offsetPage, readOne } from '@durastack/store/lists/engine/run-list';
import { recordFinishedOperation } from '@durastack/store/operations/finished-operation';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { StartedOperation } from '../catalogue/handles.js';
import type { Registry, Served } from '../catalogue/registry.js';
import type { AnyCall, Call, CallSession, KnownCaller } from '../face/call.js';
import { cookiesOf, setCookie } from '../face/cookies.js';
import type { Invoker, Outcome } from '../face/invoker.js';
import type { Approach } from '../identity/callers.js';
import { callerBySignature } from '../identity/request-signature.js';
import { callerBySession, SESSION_COOKIE } from '../identity/sessions.js';
import { awaitOperation } from '../operations/await-operation.js';
import type { Platform } from '../platform.js';
import { requestFault } from '../rest/problem.js';
import { JsonBytes } from './json-bytes.js';
import { decodeParameters, readParameters, type RequestParameters } from './parameters.js';
import { envelopeName, errorBody, listBody, renderObject } from './render-json.js';
import { renderXml } from './render-xml.js';
import { ListWriter } from './write-list.js';

/** Bytes of a body that are sent as one. */
const SENT_AT_ONCE = 1_048_576;

type Body = Record<string, unknown>;

const wantsJson = ({ byName }: RequestParameters) => byName.get('response')?.toLowerCase() === 'json';

const NO_PARAMETERS: RequestParameters = { sent: [], byName: new Map() };

/** Serves CloudStack's clients. */
export class CloudStackFace {
  constructor(
    private readonly platform: Platform,
    private readonly registry: Registry,
    private readonly invoker: Invoker,
  ) {}

  /** Adds the routes. */
  register(server: FastifyInstance): void {
    for (const url of ['/client/api', '/client/api/']) {
      server.route({
        method: ['GET', 'POST'],
        url,
        handler: (request, reply) => this.serve(request, reply),
        errorHandler: (error, _request, reply) => this.refuse(reply, NO_PARAMETERS, requestFault(error)),
      });
    }
  }

  private async serve(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    let parameters = NO_PARAMETERS;
    try {
      const query = request.raw.url?.split('?').slice(1).join('?') ?? '';
      parameters = readParameters(query, typeof request.body === 'string' ? request.body : '');
      if (parameters.fault) throw parameters.fault;
      const body = await this.answer(request, reply, parameters);
      return this.send(reply, parameters, 200, body);
    } catch (thrown) {
      return this.refuse(reply, parameters, asDurastackError(thrown));
    }
  }

  private refuse(reply: FastifyReply, parameters: RequestParameters, error: DurastackError): FastifyReply {
    if (error.code === 'BUG') this.platform.log.error({ error }, 'a request failed by a fault');
    void reply.header('X-Description', error.message.replace(/[^\x20-\x7e]+/g, ' ').slice(0, 1000));
    return this.send(reply, parameters, ERROR_KINDS[error.code].cloudStackCode, errorBody(error));
  }

  private async answer(
    request: FastifyRequest,
    reply: FastifyReply,
    parameters: RequestParameters,
  ): Promise<Body | JsonBytes> {
    const name = parameters.byName.get('command');
    if (name === undefined || name === '')
      throw new DurastackError('INVALID_INPUT', 'The parameter command is missing.');
    const served = this.registry.find(name);
    request.commandName = served?.command.name ?? 'unknown';
    const known = await this.identify(request, reply, parameters, served);
    const call = await this.invoker.authorise(served?.command, name, known);
    if (!served) throw new DurastackError('BUG', 'An unknown command was authorised.');
    const { view, command } = served;
    const [params, page] = await this.invoker.decode(command, call, () => {
      const decoded = decodeParameters(command, parameters);
      return [decoded, offsetPage(decoded)] as const;
    });
    const invocation = { served, call, params, page };
    if (view && wantsJson(parameters)) {
      const writer = new ListWriter(view, hiddenFrom(view, (call as Call).caller));
      return writer.end(command.wrapper ?? 'item', await this.invoker.read(view, invocation, writer.add));
    }
    return this.render(served, call, await this.invoker.invoke(invocation));
  }

  /** Who calls: by signature, else by session. Commands for anyone are not asked for credentials. */
  private async identify(
    request: FastifyRequest,
    reply: FastifyReply,
    parameters: RequestParameters,
    served: Served | undefined,
  ): Promise<AnyCall> {
    const sourceAddress = request.ip;
    const base = {
      face: 'cloudstack' as const,
      sourceAddress,
      setCookie: (name: string, value: string, maxAge: number) =>
        setCookie(reply, { name, value, maxAge, secure: this.isSecure() }),
    };
    if (served?.command.roles.includes('anyone')) return base;
    const identified = await this.credentials(request, parameters, { sourceAddress, command: served?.command });
    request.callerName = identified.caller.username;
    return { ...base, ...identified };
  }

  private async credentials(
    request: FastifyRequest,
    parameters: RequestParameters,
    approach: Approach,
  ): Promise<{ caller: KnownCaller; session?: CallSession }> {
    const { byName } = parameters;
    if (byName.has('signature') || byName.has('apikey'))
      return { caller: await callerBySignature(this.platform, parameters, approach) };
    const cookie = cookiesOf(request)[SESSION_COOKIE];
    return callerBySession(this.platform, { cookie, sessionKey: byName.get('sessionkey') }, approach);
  }

  private isSecure(): boolean {
    return this.platform.settings.apiPublicUrl?.startsWith('https:') ?? false;
  }

  private async render(served: Served, call: AnyCall, outcome: Outcome): Promise<Body> {
    const { command } = served;
    if (command.answersAsJob && call.caller && outcome.kind !== 'operation')
      return this.renderFinished(command, call.caller, outcome.kind === 'object' ? outcome.value : undefined);
    switch (outcome.kind) {
      case 'list': {
        const view = command.result;
        const items = outcome.page.items.map((item) => (view ? renderObject(view, item) : item));
        return listBody(command.wrapper ?? 'item', items, outcome.page.count ?? items.length);
      }
      case 'object':
        return this.wrap(served, outcome.value);
      case 'success':
        return { success: 'true' };
      case 'operation':
        return this.renderOperation(served, call, outcome.operation);
    }
  }

  /** Of a command that was carried out at once, for clients that poll a job; a new object's id comes with it. */
  private async renderFinished(
    command: Command,
    caller: Caller,
    made?: Readonly<Record<string, unknown>>,
  ): Promise<Body> {
    const jobid = await recordFinishedOperation(this.platform.database, command, caller, made);
    return { ...(typeof made?.['id'] === 'string' ? { id: made['id'] } : {}), jobid };
  }

  private async renderOperation(served: Served, call: AnyCall, started: StartedOperation): Promise<Body> {
    const { command } = served;
    const { operation } = command;
    if (operation?.cloudStackWaitMs === undefined)
      return { ...(operation?.creates ? { id: started.resourceId } : {}), jobid: started.operationId };
    await awaitOperation(this.platform, command, started);
    const view = this.registry.viewOf(command);
    if (!command.result || !view || !call.caller) return { success: 'true' };
    return this.wrap(served, await readOne(autocommit(this.platform.database), view, call.caller, started.resourceId));
  }

  private wrap({ command }: Served, value: ResultOf<typeof command>): Body {
    const object = command.result ? renderObject(command.result, value) : value;
    if (command.bare || command.wrapper === undefined) return object;
    return command.wrapsInList ? listBody(command.wrapper, [object], 1) : { [command.wrapper]: object };
  }

  private send(
    reply: FastifyReply,
    parameters: RequestParameters,
    status: number,
    body: Body | JsonBytes | object,
  ): FastifyReply {
    const name =
      parameters.byName
        .get('command')
        ?.replace(/[^A-Za-z0-9]/g, '')
        .slice(0, 80) || 'error';
    const envelope = envelopeName(name);
    void reply.status(status).header('Cache-Control', 'no-store').header('X-Content-Type-Options', 'nosniff');
    if (wantsJson(parameters)) {
      void reply.type('application/json; charset=utf-8');
      if (!(body instanceof JsonBytes)) return reply.send(`{"${envelope}":${JSON.stringify(body)}}`);
      return sendPieces(reply, [Buffer.from(`{"${envelope}":`), ...body.pieces(), Buffer.from('}')]);
    }
    return reply.type('text/xml; charset=utf-8').send(renderXml(envelope, body as Body));
  }
}

function sendPieces(reply: FastifyReply, pieces: readonly Buffer[]): FastifyReply {
  const size = pieces.reduce((sum, { length }) => sum + length, 0);
  if (size <= SENT_AT_ONCE) return reply.send(Buffer.concat(pieces, size));
  return reply.header('Content-Length', size).send(Readable.from(pieces, { objectMode: false }));
}

/** The REST face, `/api/v1`: a route for each command, made from its declaration. */
import { DurastackError } from '@durastack/contracts/errors';
import { autocommit } from '@durastack/store/database/transaction';
import type { Caller } from '@durastack/store/identity/caller';
import { notFound } from '@durastack/store/identity/access';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Registry, Served } from '../catalogue/registry.js';
import type { AnyCall } from '../face/call.js';
import { setCookie } from '../face/cookies.js';
import type { Invoker, Outcome } from '../face/invoker.js';
import { readOperationResource } from '../operations/operation-resource.js';
import type { Platform } from '../platform.js';
import { once, sha256, type RestAnswer } from './idempotency.js';
import { requestFault, sendProblem } from './problem.js';
import { restCaller } from './rest-credentials.js';
import { encodeCursor, restPage, restParameters } from './rest-parameters.js';
import { restRoutes, type ServedRoute } from './rest-routes.js';

/** Serves REST clients. */
export class RestFace {
  constructor(
    private readonly platform: Platform,
    private readonly registry: Registry,
    private readonly invoker: Invoker,
  ) {}

  /** Adds the routes. */
  register(server: FastifyInstance): void {
    for (const route of restRoutes(this.registry)) {
      server.route({
        method: route.method,
        url: `/api/v1${route.path.replace(/\{(\w+)\}/g, ':$1')}`,
        handler: (request, reply) => this.serve(route, request, reply),
        errorHandler: (error, _request, reply) => sendProblem(reply, requestFault(error)),
      });
    }
    server.all('/api/v1/*', (request, reply) =>
      sendProblem(
        reply,
        new DurastackError('NOT_FOUND', `There is no ${request.method} ${request.url.split('?')[0]}; see /api/docs.`),
      ),
    );
  }

  private async serve(route: ServedRoute, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    try {
      const answer = await this.answer(route, request, reply);
      if (answer.replayed) void reply.header('Idempotency-Replayed', 'true');
      if (answer.location !== undefined) void reply.header('Location', answer.location);
      void reply.status(answer.status).header('Cache-Control', 'no-store');
      return await (answer.body === undefined ? reply.send() : reply.send(answer.body));
    } catch (error) {
      return sendProblem(reply, error);
    }
  }

  private async answer(
    route: ServedRoute,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<RestAnswer & { replayed?: true }> {
    const { served } = route;
    const { command } = served;
    request.commandName = command.name;
    const call = await this.invoker.authorise(command, command.name, await this.identify(served, request, reply));
    const query = request.raw.url?.split('?').slice(1).join('?') ?? '';
    const path = request.params as Record<string, string>;
    const given = { path, query, body: request.body };
    const params = await this.invoker.decode(command, call, () => restParameters(command, given));
    const page = route.single ? { limit: 1 } : command.isList ? restPage(query) : { limit: 1 };
    const work = async (by: AnyCall) =>
      this.toAnswer(route, by, await this.invoker.invoke({ served, call: by, params, page }), params);
    const key = request.headers['idempotency-key'];
    const { caller } = call;
    if (typeof key !== 'string' || request.method === 'GET' || !caller) return work(call);
    const answerOf = (operationId: string) => this.operationAnswer(caller, operationId);
    const keyed = { userId: caller.userId, key, command, params, answerOf };
    const keyedCall = { ...call, caller: { ...caller, idempotencyKeySha256: sha256(key) } };
    return once(autocommit(this.platform.database), keyed, () => work(keyedCall));
  }

  private async identify(served: Served, request: FastifyRequest, reply: FastifyReply): Promise<AnyCall> {
    const secure = this.platform.settings.apiPublicUrl?.startsWith('https:') ?? false;
    const base = {
      face: 'rest' as const,
      sourceAddress: request.ip,
      setCookie: (name: string, value: string, maxAge: number) => setCookie(reply, { name, value, maxAge, secure }),
    };
    if (served.command.roles.includes('anyone')) return base;
    const identified = await restCaller(this.platform, request, served.command);
    request.callerName = identified.caller.username;
    return { ...base, ...identified };
  }

  private async toAnswer(
    route: ServedRoute,
    call: AnyCall,
    outcome: Outcome,
    params: Readonly<Record<string, unknown>>,
  ): Promise<RestAnswer> {
    switch (outcome.kind) {
      case 'success':
        return { status: 204 };
      case 'object': {
        const created = route.method === 'POST' && !route.path.includes('{');
        const id = outcome.value['id'];
        const location =
          created && route.collection && typeof id === 'string' ? `/api/v1${route.path}/${id}` : undefined;
        return { status: created ? 201 : 200, ...(location ? { location } : {}), body: outcome.value };
      }
      case 'list': {
        const { items, next } = outcome.page;
        if (!route.single) return { status: 200, body: { items, ...(next ? { nextCursor: encodeCursor(next) } : {}) } };
        if (items[0] === undefined) throw notFound('id', String(params['id']));
        return { status: 200, body: items[0] };
      }
      case 'operation': {
        if (!call.caller) throw new DurastackError('BUG', 'An operation was accepted for nobody.');
        return this.operationAnswer(call.caller, outcome.operation.operationId);
      }
    }
  }

  private async operationAnswer(caller: Caller, operationId: string): Promise<RestAnswer> {
    const operation = await readOperationResource(this.platform, caller, operationId);
    return { status: 202, location: operation.links.self, body: operation };
  }
}

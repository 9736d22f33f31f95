import 'reflect-metadata';
import './face/fastify-request.js';
import { DurastackError, isDurastackError } from '@durastack/contracts/errors';
import type { Logger } from '@durastack/kit/log/logger';
import { openSecretBox } from '@durastack/kit/secrets/secret-box';
import { connectDatabase } from '@durastack/store/database/data-source';
import { Module, type DynamicModule, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import type { DataSource } from 'typeorm';
import { discover, type Discovery } from './catalogue/discover.js';
import type { CommandHandler } from './catalogue/handles.js';
import { Registry } from './catalogue/registry.js';
import { CloudStackFace } from './cloudstack/cloudstack-face.js';
import { HostReads } from './console/host-reads.js';
import { registerConsole } from './console/register-console.js';
import { answerBadAddress, answerBrokenRequest, MAX_HEADER_BYTES } from './face/broken-requests.js';
import { CONNECTION_LIMITS, limitConnections, timeLimits, type ConnectionLimits } from './face/connection-limits.js';
import { DispatcherHint } from './face/dispatcher-hint.js';
import { Invoker } from './face/invoker.js';
import { RoleBook } from './identity/role-book.js';
import { ProjectRights } from './identity/project-rights.js';
import { LoginThrottle } from './identity/login-throttle.js';
import { registerAccessLog } from './operator/access-log.js';
import { registerOperatorRoutes } from './operator/operator-routes.js';
import { Platform } from './platform.js';
import { registerDocs } from './rest/docs-routes.js';
import { registerOperationRoutes } from './rest/operation-routes.js';
import { RestFace } from './rest/rest-face.js';
import type { ApiSettings } from './settings.js';

/** User data of 1 MiB in base64 and percent-encoded, with room for the rest. */
const MAX_BODY_BYTES = 8 * 1024 * 1024;

/** Requests that are under way may end for so long. */
const CLOSE_PATIENCE_MS = 5_000;

/** What is made before the handlers, and given to them. */
interface Made {
  readonly platform: Platform;
  readonly registry: Registry;
  readonly hint: DispatcherHint;
  readonly roles: RoleBook;
}

@Module({})
class ApiModule {
  static of(discovery: Discovery, made: Made): DynamicModule {
    const { platform, registry, hint, roles } = made;
    return {
      module: ApiModule,
      providers: [
        { provide: Platform, useValue: platform },
        { provide: Registry, useValue: registry },
        { provide: DispatcherHint, useValue: hint },
        { provide: RoleBook, useValue: roles },
        { provide: LoginThrottle, useValue: new LoginThrottle() },
        { provide: HostReads, useValue: new HostReads(platform) },
        ...new Set(discovery.handlers.values()),
      ],
    };
  }
}

async function openDatabase(url: string): Promise<DataSource> {
  let database: DataSource;
  try {
    database = await connectDatabase({ url });
  } catch (cause) {
    if (isDurastackError(cause)) throw cause;
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new DurastackError(
      'ENVIRONMENT',
      `The database of DURASTACK_DATABASE_URL does not answer (${code ?? message}); start it, or mend the setting.`,
      { cause },
    );
  }
  const tables = (await database.query("SHOW TABLES LIKE 'schema_migration'")) as unknown[];
  if (tables.length > 0) return database;
  await database.destroy();
  throw new DurastackError(
    'ENVIRONMENT',
    'The database of DURASTACK_DATABASE_URL has no tables; run node libs/store/dist/migrate-main.js, then seed-main.js.',
  );
}

function makeAdapter(limits: ConnectionLimits): FastifyAdapter {
  const { requestTimeout, http } = timeLimits(limits);
  const adapter = new FastifyAdapter({
    bodyLimit: MAX_BODY_BYTES,
    requestTimeout,
    http: { ...http, maxHeaderSize: MAX_HEADER_BYTES },
    // An id of any length gets to its validation, whose refusal names it.
    routerOptions: { maxParamLength: MAX_HEADER_BYTES },
    clientErrorHandler: answerBrokenRequest,
    frameworkErrors: answerBadAddress,
  });
  limitConnections(instanceOf(adapter).server, limits);
  return adapter;
}

/** As Fastify knows it; Nest has a type of its own for it. */
const instanceOf = (adapter: FastifyAdapter) => adapter.getInstance() as unknown as FastifyInstance;

/** A running API without its listeners. */
export interface Api {
  readonly app: NestFastifyApplication;
  readonly server: FastifyInstance;
  readonly platform: Platform;
  readonly registry: Registry;
  /** Ends requests, then connections. */
  close(): Promise<void>;
}

/**
 * Builds the API. It needs the database, and nothing else: Temporal may be away.
 *
 * @param options `database`: one that is connected already, which then is not closed with the API; `limits`: others
 *   than the API's own, for specs
 */
export async function createApi(
  settings: ApiSettings,
  log: Logger,
  options: { readonly database?: DataSource; readonly limits?: ConnectionLimits } = {},
): Promise<Api> {
  const secrets = openSecretBox(settings.dataKeyFile);
  const discovery = await discover();
  const database = options.database ?? (await openDatabase(settings.databaseUrl));
  const platform = new Platform(database, secrets, settings, log);
  const registry = new Registry();
  const hint = new DispatcherHint(platform);
  const roles = new RoleBook(platform, registry);
  const adapter = makeAdapter(options.limits ?? CONNECTION_LIMITS);
  const app = await NestFactory.create<NestFastifyApplication>(
    ApiModule.of(discovery, { platform, registry, hint, roles }),
    adapter,
    {
      logger: false,
      bodyParser: false,
      abortOnError: false,
    },
  );
  const server = instanceOf(adapter);
  server.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) => {
    done(null, body);
  });
  registry.fill(discovery, (type) => app.get(type as Type<CommandHandler>));
  const invoker = new Invoker(platform, hint, roles, new ProjectRights(platform));
  registerAccessLog(server, log);
  registerOperatorRoutes(server, platform);
  new CloudStackFace(platform, registry, invoker).register(server);
  registerOperationRoutes(server, platform);
  new RestFace(platform, registry, invoker).register(server);
  registerDocs(server, registry, settings);
  await registerConsole(server, platform, app.get(HostReads));
  await app.init();
  await server.ready();
  return {
    app,
    server,
    platform,
    registry,
    close: async () => {
      // Streams of events end when their operation does; they are not waited for.
      const patience = setTimeout(() => server.server.closeAllConnections(), CLOSE_PATIENCE_MS);
      await app.close();
      clearTimeout(patience);
      if (!options.database) await database.destroy();
    },
  };
}

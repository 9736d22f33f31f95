/** OpenAPI 3.1, made from the catalogue. */
import type { Command } from '@durastack/contracts/command';
import { ERROR_KINDS } from '@durastack/contracts/errors';
import { unwrap } from '@durastack/contracts/fields';
import { z } from 'zod';
import type { Registry } from '../catalogue/registry.js';
import { restShape } from './rest-parameters.js';
import { restRoutes, type ServedRoute } from './rest-routes.js';

type Json = Record<string, unknown>;

const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });
const json = (schema: Json) => ({ content: { 'application/json': { schema } } });

const PROBLEM_RESPONSE = {
  description: 'An error',
  content: { 'application/problem+json': { schema: ref('Problem') } },
};
/** What any call may be answered: refused, or failed. */
const PROBLEMS = {
  '4XX': { $ref: '#/components/responses/Problem' },
  '5XX': { $ref: '#/components/responses/Problem' },
};

/** What the commands of a domain are about. */
const AREAS: Readonly<Record<Command['domain'], string>> = {
  compute: 'Virtual machines, their offerings, groups and key pairs.',
  identity: 'Domains, accounts, users, projects, roles, tags and limits.',
  image: 'Templates.',
  infra: 'Zones, pods, clusters, hosts and settings.',
  network: 'Networks, addresses and network offerings.',
  operations: 'What is under way, events, alerts and the health of the cloud.',
  storage: 'Volumes, disk offerings, storage pools and image stores.',
  usage: 'What was used, and by whom.',
};

/** JSON Schema of a schema, without what only the faces read. */
function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  const made = z.toJSONSchema(schema, {
    io,
    unrepresentable: 'any',
    override: ({ jsonSchema }) => {
      for (const key of ['wire', 'length', 'wireName', 'secret', 'mayBeEmpty']) delete (jsonSchema as Json)[key];
    },
  }) as Json;
  delete made['$schema'];
  return made;
}

/** `listVirtualMachines` → `VirtualMachine`. */
function viewName(route: ServedRoute): string {
  const noun = route.served.command.name.replace(/^list/, '');
  return noun
    .replace(/ies$/, 'y')
    .replace(/sses$/, 'ss')
    .replace(/([^s])s$/, '$1');
}

/**
 * The document.
 *
 * @param url of the server, as clients reach it
 */
export function openApiDocument(registry: Registry, url: string): Json {
  const routes = restRoutes(registry);
  const names = new Map<z.ZodType, string>();
  for (const route of routes) {
    const { command } = route.served;
    if (command.isList && command.result && !names.has(command.result)) names.set(command.result, viewName(route));
  }
  for (const { served } of routes) {
    const { result, name, operation } = served.command;
    if (result && !operation && !names.has(result))
      names.set(result, `${name.charAt(0).toUpperCase()}${name.slice(1)}Result`);
  }
  const paths: Record<string, Json> = {};
  for (const route of routes) (paths[route.path] ??= {})[route.method.toLowerCase()] = operationOf(route, names);
  Object.assign(paths, operationPaths());
  return {
    openapi: '3.1.0',
    info: {
      title: 'Durastack',
      version: '1',
      license: { name: 'Apache 2.0', identifier: 'Apache-2.0' },
      description:
        'Resources of the cloud. What takes time is answered with `202` and an operation; its progress is at the URL in `Location`, and as server-sent events below it.',
    },
    servers: [{ url: `${url.replace(/\/$/, '')}/api/v1` }],
    security: [{ keys: [] }],
    tags: [...new Set(routes.map(({ served }) => served.command.domain))]
      .sort()
      .map((name) => ({ name, description: AREAS[name] })),
    paths,
    components: {
      securitySchemes: {
        keys: { type: 'http', scheme: 'bearer', description: '`<apiKey>:<secretKey>` of a user' },
      },
      responses: { Problem: PROBLEM_RESPONSE },
      schemas: {
        ...Object.fromEntries([...names].map(([schema, name]) => [name, schemaOf(schema, 'output')])),
        Operation: OPERATION,
        Problem: PROBLEM,
      },
    },
  };
}

function operationOf(route: ServedRoute, names: ReadonlyMap<z.ZodType, string>): Json {
  const { served, single, method, path } = route;
  const { command } = served;
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '');
  const shape = restShape(command);
  const own = Object.entries(shape).filter(([name]) => !inPath.includes(name));
  const inQuery = method === 'GET' || method === 'DELETE';
  const parameters = [
    ...inPath.map((name) => ({
      name,
      in: 'path',
      required: true,
      schema: schemaOf(unwrap(shape[name] ?? z.string()), 'input'),
    })),
    ...(inQuery && !single ? own.map(([name, schema]) => queryParameter(name, schema)) : []),
    ...(command.isList && !single ? PAGING : []),
    ...(method === 'GET' ? [] : [IDEMPOTENCY_KEY]),
  ];
  const view = command.result && names.get(command.result);
  return {
    operationId: single ? `get${viewName(route)}ById` : command.name,
    summary: single ? `${command.description.replace(/\.$/, '')}: one of them.` : command.description,
    tags: [command.domain],
    ...(command.roles.includes('anyone') ? { security: [] } : {}),
    description: `Roles: ${command.roles.join(', ')}. CloudStack: \`${command.name}\`.`,
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(!inQuery && own.length > 0
      ? { requestBody: { required: true, ...json(schemaOf(z.strictObject(Object.fromEntries(own)), 'input')) } }
      : {}),
    responses: { ...successOf(route, view), ...PROBLEMS },
  };
}

function successOf({ served, single, method, path }: ServedRoute, view: string | undefined): Json {
  const { command } = served;
  if (command.operation)
    return {
      202: {
        description: 'Accepted',
        headers: { Location: { schema: { type: 'string' } } },
        ...json(ref('Operation')),
      },
    };
  if (!command.result || !view) return { 204: { description: 'Done' } };
  if (command.isList && !single) {
    const page = {
      type: 'object',
      required: ['items'],
      properties: { items: { type: 'array', items: ref(view) }, nextCursor: { type: 'string' } },
    };
    return { 200: { description: 'A page', ...json(page) } };
  }
  return { [method === 'POST' && !path.includes('{') ? 201 : 200]: { description: 'The object', ...json(ref(view)) } };
}

function queryParameter(name: string, schema: z.ZodType): Json {
  const made = schemaOf(unwrap(schema), 'input');
  return {
    name,
    in: 'query',
    required: !schema.safeParse(undefined).success,
    description: made['description'],
    ...(made['type'] === 'object' ? { style: 'deepObject', explode: true } : {}),
    ...(made['type'] === 'array' ? { style: 'form', explode: false } : {}),
    schema: made,
  };
}

const PAGING = [
  {
    name: 'limit',
    in: 'query',
    required: false,
    description: 'Items on a page.',
    schema: { type: 'integer', minimum: 1, maximum: 500, default: 100 },
  },
  {
    name: 'cursor',
    in: 'query',
    required: false,
    description: '`nextCursor` of the page before.',
    schema: { type: 'string' },
  },
];

const IDEMPOTENCY_KEY = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description: 'The same key with the same request is carried out once and answered the same again, for 24 hours.',
  schema: { type: 'string', maxLength: 255 },
};

function operationPaths(): Record<string, Json> {
  const parameters = [{ name: 'id', in: 'path', required: true, schema: { type: 'string', format: 'uuid' } }];
  return {
    '/operations/{id}': {
      get: {
        operationId: 'getOperation',
        summary: 'How an operation stands.',
        tags: ['operations'],
        parameters,
        responses: { 200: { description: 'The operation', ...json(ref('Operation')) }, ...PROBLEMS },
      },
    },
    '/operations/{id}/events': {
      get: {
        operationId: 'watchOperation',
        summary: 'An operation whenever it has changed, as server-sent events, until it has ended.',
        tags: ['operations'],
        parameters,
        responses: {
          200: {
            description: 'Events named `operation`, whose data is an Operation',
            content: { 'text/event-stream': { schema: { type: 'string' } } },
          },
          ...PROBLEMS,
        },
      },
    },
  };
}

const text = { type: 'string' };

const REASONS: Json = {
  type: 'array',
  items: {
    type: 'object',
    required: ['kind', 'text'],
    properties: { kind: text, text, need: { type: 'integer' }, free: { type: 'integer' }, missing: text },
  },
};
const OPERATION: Json = {
  type: 'object',
  required: [
    'id',
    'command',
    'summary',
    'state',
    'direction',
    'ended',
    'resource',
    'percent',
    'cancelRequested',
    'created',
    'links',
  ],
  properties: {
    id: { type: 'string', format: 'uuid' },
    command: text,
    summary: { type: 'string', description: 'What it does, in plain words.' },
    state: { enum: ['queued', 'granted', 'running', 'succeeded', 'failed', 'cancelled', 'skipped', 'needs-attention'] },
    direction: { enum: ['forward', 'past-pivot', 'undoing'] },
    ended: { type: 'boolean', description: 'Whether it has ended, or waits for a person.' },
    resource: { type: 'object', required: ['type', 'id'], properties: { type: text, id: text } },
    step: {
      type: 'object',
      properties: { number: { type: 'integer' }, count: { type: 'integer' }, title: text, detail: text },
    },
    percent: { type: 'integer', minimum: 0, maximum: 100 },
    blockedOn: {
      type: 'array',
      description: 'Earlier operations on the same resources that it waits for, the first 20.',
      items: {
        type: 'object',
        required: ['summary', 'resource'],
        properties: {
          operationId: { type: 'string', format: 'uuid', description: "Absent for another account's." },
          summary: text,
          resource: { type: 'object', required: ['type', 'id'], properties: { type: text, id: text, name: text } },
        },
      },
    },
    waitingFor: { type: 'string', description: 'What it waits for before it begins, in plain words.' },
    cancelRequested: { type: 'boolean' },
    error: {
      type: 'object',
      required: ['code', 'message'],
      properties: {
        code: text,
        message: text,
        step: text,
        placement: {
          type: 'object',
          description: 'Why no host could take the machine, the nearest hosts first; for administrators.',
          required: ['hostCount', 'counts', 'hosts'],
          properties: {
            hostCount: { type: 'integer' },
            counts: { type: 'object', additionalProperties: { type: 'integer' } },
            hosts: { type: 'array', items: { type: 'object', properties: { id: text, name: text, reasons: REASONS } } },
          },
        },
      },
    },
    parent: { type: 'string', description: 'Link of the operation that asked for this one.' },
    children: {
      type: 'array',
      description: 'What it has asked for, the first 1,000.',
      items: {
        type: 'object',
        required: ['self', 'command', 'state', 'resource'],
        properties: {
          self: text,
          command: text,
          state: text,
          resource: { type: 'object', required: ['type', 'id'], properties: { type: text, id: text } },
        },
      },
    },
    created: { type: 'string', format: 'date-time' },
    started: { type: 'string', format: 'date-time' },
    completed: { type: 'string', format: 'date-time' },
    links: { type: 'object', properties: { self: text, events: text, workflow: text } },
  },
};

const PROBLEM: Json = {
  type: 'object',
  description: 'RFC 9457',
  required: ['type', 'title', 'status', 'detail', 'code'],
  properties: {
    type: text,
    title: text,
    status: { type: 'integer' },
    detail: text,
    code: { enum: Object.keys(ERROR_KINDS) },
    details: { type: 'object' },
  },
};

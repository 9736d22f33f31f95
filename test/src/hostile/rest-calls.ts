/** Calls of the REST face: for any declared command, from its own schema. */
import { randomUUID } from 'node:crypto';
import type { Command } from '@durastack/contracts/command';
import { unwrap, wireOf } from '@durastack/contracts/fields';
import fc from 'fast-check';
import { z } from 'zod';
import { encode, type Credentials, type HostileCall } from './call.js';
import { atLimit, chance, isRequired, parametersOf, pick, plausible, type Draw } from './plausible.js';
import { drawCaller, mayUse } from './query-calls.js';
import { BROKEN_ENCODINGS, HOSTILE_TEXTS, HOSTILE_URLS, LONG_TEXTS, NEVER, NEVER_JSON } from './values.js';
import type { HostileWorld } from './world.js';

type Values = Record<string, unknown>;
type Parameter = ReturnType<typeof parametersOf>[number];

/** A call before it is written down: values by parameter, and what is to be broken about the request itself. */
interface Plan {
  readonly values: Values;
  readonly about: string;
  readonly expected: HostileCall['expected'];
  readonly credentials?: Credentials;
  /** In place of the body that the values make. */
  readonly body?: string;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Appended to the query, encoded. */
  readonly extra?: readonly (readonly [string, string])[];
}

/** What this face does in its own way; see apps/api/src/rest/rest-parameters.ts. */
const NOT_IN_REST = new Set(['page', 'pageSize']);

const inPath = (command: Command, name: string): boolean => command.rest.path.includes(`{${name}}`);
const hasBody = (command: Command): boolean => !['GET', 'DELETE'].includes(command.rest.method);

function restParametersOf(command: Command): Parameter[] {
  return parametersOf(command).filter(({ name }) => !(command.isList && NOT_IN_REST.has(name)));
}

/** A JSON value that the parameter can never accept. */
function neverValue(draw: Draw, { schema, kind }: Parameter): unknown {
  const inner = unwrap(schema);
  if (inner instanceof z.ZodEnum) return pick(draw, ['no-such-word', 1, [], {}, true]);
  if (kind === 'map' && inner instanceof z.ZodArray) return pick(draw, ['a', 1, { 0: {} }, [1], [{ networkid: {} }]]);
  if (kind === 'string' && chance(draw, 40))
    return pick(draw, ['x'.repeat((wireOf(schema)?.length ?? 255) + 1), 'a\0b', 'a\u202eb', 'a\ud800b']);
  return pick(draw, NEVER_JSON[kind] ?? [{}]);
}

const refused = (...naming: string[]) => ({ refusedWith: 400, naming });

type Breaker = (draw: Draw, command: Command, values: Values, world: HostileWorld) => Plan | undefined;

const BREAKERS: readonly (readonly [weight: number, Breaker])[] = [
  [15, (_draw, _command, values) => ({ values, about: 'nothing', expected: {} })],
  [
    8,
    (draw, command, values) => {
      const required = restParametersOf(command).filter(
        ({ name, schema }) => isRequired(schema) && !inPath(command, name),
      );
      if (required.length === 0) return undefined;
      const { name } = pick(draw, required);
      const { [name]: _left, ...rest } = values;
      return { values: rest, about: `${name} is missing`, expected: refused(name) };
    },
  ],
  [
    25,
    (draw, command, values) => {
      const parameters = restParametersOf(command).filter(({ name }) => !inPath(command, name));
      if (parameters.length === 0 || !hasBody(command)) return undefined;
      const parameter = pick(draw, parameters);
      const { name, kind } = parameter;
      const value = neverValue(draw, parameter);
      const gone = kind === 'uuid' && typeof value === 'string';
      const expected = gone ? { refusedWith: 404, naming: [name] } : refused(name);
      return { values: { ...values, [name]: value }, about: `${name} cannot be that`, expected };
    },
  ],
  [
    8,
    (draw, command, values) => {
      const parameters = restParametersOf(command).filter(
        ({ kind, schema }) => atLimit(draw, kind, schema) !== undefined,
      );
      if (parameters.length === 0) return undefined;
      const { name, kind, schema } = pick(draw, parameters);
      const text = atLimit(draw, kind, schema) ?? '';
      const value = kind === 'string' || kind === 'list' ? text : Number(text);
      return {
        values: { ...values, [name]: kind === 'list' ? text.split(',') : value },
        about: `${name} at its limit`,
        expected: {},
      };
    },
  ],
  [
    8,
    (draw, command, values) => {
      const parameters = restParametersOf(command).filter(({ name }) => inPath(command, name));
      if (parameters.length === 0) return undefined;
      const { name, kind } = pick(draw, parameters);
      const expected = kind === 'uuid' ? { refusedWith: 404, naming: [name] } : {};
      return { values: { ...values, [name]: pick(draw, NEVER['uuid'] ?? []) }, about: `${name} in the path`, expected };
    },
  ],
  [
    8,
    (draw, _command, values) => {
      const name = pick(draw, [
        '__proto__',
        'constructor',
        'toString',
        'hasOwnProperty',
        'zzz',
        'admin',
        'Id',
        'a\u202eb',
      ]);
      const extra = [[encode(name), pick(draw, ['1', '%00', '%ZZ', '%F0%9F%98%80'])] as const];
      return { values, extra, about: `unknown ${name}`, expected: { refusedWith: 400 } };
    },
  ],
  [
    6,
    (draw, command, values) => {
      if (hasBody(command)) return undefined;
      const name = pick(draw, ['limit', 'zzz', ...restParametersOf(command).map((parameter) => parameter.name)]);
      const extra = [[name, pick(draw, BROKEN_ENCODINGS)] as const];
      const { [name]: _left, ...rest } = values;
      if (inPath(command, name)) return undefined;
      return { values: rest, extra, about: `${name} is no percent-encoding`, expected: refused(name) };
    },
  ],
  [
    10,
    (draw, command, values) => {
      if (!hasBody(command)) return undefined;
      const good = JSON.stringify(values);
      const body = pick(draw, [
        ...['{', '[]', 'null', '"a"', '1', '', '{"a":1,}', "{'a':1}", `${good}x`, '{"a":1e999}'],
        ...['{"__proto__":{"a":1}}', '{"constructor":{"prototype":{"a":1}}}', '{"toString":1}', '{"zzz":1}'],
        `${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`,
        `{"name":${'['.repeat(50_000)}${']'.repeat(50_000)}}`,
        `{"id":"${'x'.repeat(2_000_000)}"}`,
      ]);
      const empty = command.rest.method !== 'POST' && body === '';
      return { values, body, about: 'a broken body', expected: empty ? {} : { refusedWith: 400 } };
    },
  ],
  [
    5,
    (draw, command, values) => {
      if (!hasBody(command)) return undefined;
      const types = [
        'text/plain',
        'application/xml',
        'multipart/form-data; boundary=x',
        'text/json',
        'x',
        'application/json; charset=utf-16',
      ];
      return { values, contentType: pick(draw, types), about: 'a wrong content type', expected: {} };
    },
  ],
  [
    10,
    (draw, command, values, world) => {
      const ids = restParametersOf(command).filter(({ kind }) => kind === 'uuid');
      if (ids.length === 0) return undefined;
      const all = [...Object.values(world.ids).flat(), ...world.deletedIds, randomUUID()];
      const { name } = pick(draw, ids);
      return { values: { ...values, [name]: pick(draw, all) }, about: `${name} is somebody's`, expected: {} };
    },
  ],
  [
    25,
    (draw, command, values) => {
      const parameters = restParametersOf(command);
      if (parameters.length === 0) return undefined;
      const hostile: Values = {};
      for (let count = draw(fc.nat, 2); count >= 0; count -= 1) {
        const text = pick(draw, chance(draw, 90) ? HOSTILE_TEXTS : LONG_TEXTS);
        const { name, kind } = pick(draw, parameters);
        if (inPath(command, name) && text.length > 1_000) continue;
        if (name === 'url' && chance(draw, 80)) hostile[name] = pick(draw, HOSTILE_URLS);
        else hostile[name] = kind === 'list' ? [text] : kind === 'map' && chance(draw, 80) ? { [text]: text } : text;
      }
      return { values: { ...values, ...hostile }, about: 'hostile values', expected: {} };
    },
  ],
  [
    5,
    (draw, command, values) => {
      if (command.roles.includes('anyone')) return undefined;
      const credentials = pick(draw, ['none', 'wrong-key', 'wrong-signature'] as Credentials[]);
      return { values, about: `credentials: ${credentials}`, expected: { refusedWith: 401 }, credentials };
    },
  ],
  [
    5,
    (draw, _command, values) => {
      const key = pick(draw, ['', ' ', 'a b', 'x'.repeat(300), "' OR 1=1", '__proto__']);
      return { values, headers: { 'idempotency-key': key }, about: 'a hostile Idempotency-Key', expected: {} };
    },
  ],
];

const WEIGHTS = BREAKERS.reduce((sum, [weight]) => sum + weight, 0);

function drawPlan(draw: Draw, command: Command, values: Values, world: HostileWorld): Plan {
  let point = draw(fc.nat, WEIGHTS - 1);
  for (const [weight, breaker] of BREAKERS) {
    if (point < weight) return breaker(draw, command, values, world) ?? { values, about: 'nothing', expected: {} };
    point -= weight;
  }
  return { values, about: 'nothing', expected: {} };
}

function queryOf(name: string, value: unknown): (readonly [string, string])[] {
  if (Array.isArray(value)) return value.map((item) => [name, encode(String(item))] as const);
  if (typeof value !== 'object' || value === null) return [[name, encode(String(value))]];
  return Object.entries(value as Record<string, string>).map(
    ([key, text]) => [`${name}${encode(`[${key}]`)}`, encode(text)] as const,
  );
}

/** Draws a call of this command: right, nearly right, or hostile. */
export function drawRestCall(draw: Draw, command: Command, world: HostileWorld): HostileCall {
  const caller = drawCaller(draw, command);
  const base = Object.fromEntries(
    restParametersOf(command)
      .filter(({ name, schema }) => inPath(command, name) || isRequired(schema) || chance(draw, 30))
      .map(({ name, schema }) => [name, plausible(draw, { command, name, schema }, world)]),
  );
  const plan = drawPlan(draw, command, base, world);
  const { about, credentials = 'right', contentType, headers, extra = [] } = plan;
  const path = `/api/v1${command.rest.path.replace(/\{(\w+)\}/g, (_all, name: string) => encode(String(plan.values[name])) || '%20')}`;
  const rest = Object.entries(plan.values).filter(([name]) => !inPath(command, name));
  const body =
    plan.body ?? (hasBody(command) && rest.length > 0 ? JSON.stringify(Object.fromEntries(rest)) : undefined);
  const expected = !mayUse(command, caller) && plan.expected.refusedWith !== 401 ? {} : plan.expected;
  const query = [...(hasBody(command) ? [] : rest.flatMap(([name, value]) => queryOf(name, value))), ...extra];
  // What fits no request line is a case of its own, in limits.spec.
  const short = query.filter(([name, value]) => name.length + value.length < 4_000);
  return {
    ...{ face: 'rest', command: command.name, caller, credentials, method: command.rest.method, path, about, expected },
    query: short,
    ...(body === undefined ? {} : { body }),
    ...(contentType === undefined ? {} : { contentType }),
    ...(headers === undefined ? {} : { headers }),
  };
}

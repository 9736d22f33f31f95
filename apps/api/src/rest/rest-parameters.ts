/** Parameters of REST calls: typed JSON in bodies, texts in paths and queries. What is not declared is refused. */
import type { Command } from '@durastack/contracts/command';
import { DurastackError } from '@durastack/contracts/errors';
import { unwrap, wireOf } from '@durastack/contracts/fields';
import type { PageRequest } from '@durastack/store/lists/engine/run-list';
import { z } from 'zod';
import { convertText, validateParameters } from '../cloudstack/parameters.js';
import { readPairs } from '../face/form-encoding.js';
import { invalid, shorten } from '../face/text-faults.js';

/** Parameters of CloudStack's face that REST does in its own way. */
const NOT_IN_REST = new Set(['page', 'pageSize']);
const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 500;

type Shape = Readonly<Record<string, z.ZodType>>;

/** The parameters of a command that REST takes, by name. */
export function restShape(command: Command): Shape {
  const shape = command.params.shape as Shape;
  return Object.fromEntries(Object.entries(shape).filter(([name]) => !(command.isList && NOT_IN_REST.has(name))));
}

/** What a request brought. */
export interface RestInput {
  readonly path: Readonly<Record<string, string>>;
  /** What stands behind the question mark, as sent. */
  readonly query: string;
  readonly body: unknown;
}

/**
 * The validated parameters of a call.
 *
 * @throws DurastackError INVALID_INPUT naming the parameter; NOT_FOUND for an id that is no UUID
 */
export function restParameters(command: Command, input: RestInput): Record<string, unknown> {
  const shape = restShape(command);
  const given: Record<string, unknown> = {
    ...bodyFields(command, shape, input),
    ...queryFields(command, shape, input),
  };
  for (const [name, text] of Object.entries(input.path)) {
    const schema = Object.hasOwn(shape, name) ? shape[name] : undefined;
    if (schema) given[name] = convertText(schema, text);
  }
  // Clients of REST expect a collection to hold all that they may see.
  if (command.isList && 'listAll' in shape && given['listAll'] === undefined && given['account'] === undefined)
    given['listAll'] = true;
  return validateParameters(command, given, (name) => name);
}

function unknown(command: Command, name: string): DurastackError {
  return invalid(shorten(name), `${command.name} has no parameter ${shorten(name)}.`);
}

function bodyFields(command: Command, shape: Shape, { body, path }: RestInput): Record<string, unknown> {
  if (body === undefined || body === '') return {};
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw new DurastackError('INVALID_INPUT', 'The body is no JSON object.');
  for (const name of Object.keys(body))
    if (!Object.hasOwn(shape, name) || Object.hasOwn(path, name)) throw unknown(command, name);
  return { ...body };
}

function queryFields(command: Command, shape: Shape, { query, path }: RestInput): Record<string, unknown> {
  const given: Record<string, unknown> = {};
  for (const { name: key, value: text, fault } of readPairs(query)) {
    if (fault) throw fault;
    const [, name = key, entry] = /^(\w+)\[([^\]]+)\]$/.exec(key) ?? [];
    if (command.isList && (name === 'limit' || name === 'cursor')) continue;
    const schema = Object.hasOwn(shape, name) ? shape[name] : undefined;
    if (!schema || Object.hasOwn(path, name)) throw unknown(command, name);
    const isMap = wireOf(schema)?.wire === 'map';
    if (isMap !== (entry !== undefined))
      throw invalid(name, `The parameter ${name} is written ${isMap ? `${name}[key]=value` : `${name}=value`}.`);
    if (entry !== undefined) given[name] = { ...(given[name] as Record<string, string> | undefined), [entry]: text };
    else if (unwrap(schema) instanceof z.ZodArray)
      given[name] = [...((given[name] as unknown[] | undefined) ?? []), ...(convertText(schema, text) as unknown[])];
    else if (given[name] !== undefined) throw invalid(name, `The parameter ${name} is given twice.`);
    else given[name] = convertText(schema, text);
  }
  return given;
}

/** The part of a list that `limit` and `cursor` ask for. INVALID_INPUT when they are malformed. */
export function restPage(queryString: string): PageRequest {
  const query = new URLSearchParams(queryString);
  const text = query.get('limit') ?? String(DEFAULT_LIMIT);
  const limit = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (limit < 1 || limit > MAX_LIMIT)
    throw new DurastackError(
      'INVALID_INPUT',
      `The limit ${text.slice(0, 20)} is out of range; ask for 1 to ${MAX_LIMIT}.`,
    );
  const cursor = query.get('cursor');
  return cursor === null ? { limit } : { limit, after: decodeCursor(cursor) };
}

/** A cursor is opaque to clients, so that what it holds can change. */
export function encodeCursor(after: string): string {
  return Buffer.from(`1:${after}`).toString('base64url');
}

function decodeCursor(cursor: string): string {
  const match = /^1:([\w-]{1,40})$/.exec(Buffer.from(cursor, 'base64url').toString('utf8'));
  if (!match?.[1]) throw new DurastackError('INVALID_INPUT', 'The cursor is none of ours; take nextCursor of a reply.');
  return match[1];
}

/** CloudStack's parameters: from texts with many spellings to the typed values of a command's schema. */
import type { Command } from '@durastack/contracts/command';
import { DurastackError } from '@durastack/contracts/errors';
import { unwrap, wireName, wireOf } from '@durastack/contracts/fields';
import { notFound } from '@durastack/store/identity/access';
import { z } from 'zod';
import { MAX_PARAMETERS, readPairs } from '../face/form-encoding.js';
import { invalid, shorten, textFault } from '../face/text-faults.js';

/** The parameters of one request. */
export interface RequestParameters {
  /** As sent, decoded once, each name once: what signatures are made over. */
  readonly sent: readonly (readonly [name: string, value: string])[];
  /** By name in lower case. */
  readonly byName: ReadonlyMap<string, string>;
  /** Why the request cannot be taken as it is; what could be read is there all the same, to answer in its form. */
  readonly fault?: DurastackError;
}

/** Merges a query string and a form body. A parameter that is given twice with different values is a fault. */
export function readParameters(query: string, body: string): RequestParameters {
  const byName = new Map<string, string>();
  const sent = new Map<string, string>();
  const pairs = [...readPairs(query), ...readPairs(body)];
  let fault =
    pairs.length > MAX_PARAMETERS
      ? new DurastackError('INVALID_INPUT', `The request has more than ${MAX_PARAMETERS} parameters.`)
      : undefined;
  for (const { name, value, fault: broken } of pairs) {
    fault ??= broken;
    const key = name.toLowerCase();
    const known = byName.get(key);
    if (known !== undefined && known !== value)
      fault ??= invalid(shorten(name), `The parameter ${shorten(name)} is given twice with different values.`);
    else byName.set(key, value);
    sent.set(name, value);
  }
  return { sent: [...sent], byName, ...(fault ? { fault } : {}) };
}

/** Texts of at least this length are descriptions, keys and data, which may have several lines. */
const LINES_FROM_LENGTH = 4_096;

/** `tags[0].key` → name `tags`, index 0, rest `key`. */
const INDEXED = /^([^[\]]+)\[(\d+)\](?:\.(.+))?$/;

/** The entries of an indexed parameter, in the order of their index; keys keep the case they were sent in. */
function indexedEntries(sent: RequestParameters['sent'], name: string): Map<string, string>[] {
  const entries = new Map<number, Map<string, string>>();
  for (const [key, value] of sent) {
    const match = INDEXED.exec(key);
    if (match?.[1]?.toLowerCase() !== name) continue;
    const index = Number(match[2]);
    const entry = entries.get(index) ?? new Map<string, string>();
    entry.set(match[3] ?? '', value);
    entries.set(index, entry);
  }
  return [...entries].sort(([a], [b]) => a - b).map(([, entry]) => entry);
}

/** The three shapes of maps: `m[0].key=K&m[0].value=V`, `m[0].K=V`, `m[1].K=V`; and JSON-free `m.K=V` is none. */
function readMap(entries: readonly Map<string, string>[]): Record<string, string> | undefined {
  const map: Record<string, string> = {};
  for (const entry of entries) {
    const names = new Map([...entry].map(([key, value]) => [key.toLowerCase(), value]));
    const key = names.get('key');
    if (key !== undefined && [...names.keys()].every((name) => name === 'key' || name === 'value')) {
      map[key] = names.get('value') ?? '';
    } else {
      for (const [name, value] of entry) map[name] = value;
    }
  }
  return entries.length > 0 ? map : undefined;
}

/** One text as the value that a schema expects; what cannot be converted stays a text, for validation to refuse. */
export function convertText(schema: z.ZodType, text: string): unknown {
  const inner = unwrap(schema);
  const trimmed = text.trim();
  switch (wireOf(schema)?.wire) {
    case 'boolean':
      return /^true$/i.test(trimmed) ? true : /^false$/i.test(trimmed) ? false : text;
    case 'integer':
    case 'long':
      return /^-?\d+$/.test(trimmed) ? Number(trimmed) : text;
    case 'float':
      return /^-?\d+(\.\d+)?$/.test(trimmed) ? Number(trimmed) : text;
    case 'uuid':
      return trimmed;
    case 'list':
      return inner instanceof z.ZodArray
        ? text
            .split(',')
            .map((item) => item.trim())
            .filter((item) => item !== '')
            .map((item) => convertText(inner.element as z.ZodType, item))
        : text;
    default:
      if (inner instanceof z.ZodEnum)
        return inner.options.find((option) => String(option).toLowerCase() === trimmed.toLowerCase()) ?? text;
      return text;
  }
}

function rawValue(schema: z.ZodType, name: string, given: RequestParameters): unknown {
  if (wireOf(schema)?.wire === 'map') {
    const entries = indexedEntries(given.sent, name);
    if (unwrap(schema) instanceof z.ZodArray) {
      const items = entries.map((entry) =>
        Object.fromEntries([...entry].map(([key, value]) => [key.toLowerCase(), value])),
      );
      return items.length > 0 ? items : undefined;
    }
    return readMap(entries);
  }
  const text = given.byName.get(name);
  if (text === undefined) return undefined;
  // Forms send empty fields for what was left open; only a text, or a list that says so, can mean to be empty.
  const { wire, mayBeEmpty = wire === 'string' } = wireOf(schema) ?? {};
  if (text === '' && (!mayBeEmpty || unwrap(schema) instanceof z.ZodEnum)) return undefined;
  return convertText(schema, text);
}

/**
 * The typed parameters of a command. Names that it does not declare are ignored.
 *
 * @throws DurastackError INVALID_INPUT naming the first parameter that is missing or malformed; NOT_FOUND for an
 *   id that is no UUID, in the words that clients match
 */
export function decodeParameters(command: Command, given: RequestParameters): Record<string, unknown> {
  const input: Record<string, unknown> = {};
  for (const [name, schema] of Object.entries(command.params.shape as Record<string, z.ZodType>)) {
    const value = rawValue(schema, wireName(name, schema), given);
    if (value !== undefined) input[name] = value;
  }
  return validateParameters(command, input, (name) => wireName(name, command.params.shape[name] as z.ZodType));
}

/**
 * Validates typed parameters.
 *
 * @param nameOf how the face spells a parameter
 */
export function validateParameters(
  command: Command,
  input: Record<string, unknown>,
  nameOf: (name: string) => string,
): Record<string, unknown> {
  const parsed = command.params.safeParse(input);
  if (parsed.success) {
    refuseBadTexts(command, parsed.data, nameOf);
    return parsed.data;
  }
  const issue = parsed.error.issues[0];
  const name = String(issue?.path[0] ?? '');
  const schema = command.params.shape[name] as z.ZodType | undefined;
  const shown = nameOf(name);
  if (input[name] === undefined) {
    throw new DurastackError(
      'INVALID_INPUT',
      `Unable to execute API command ${command.name.toLowerCase()} due to missing parameter ${shown}`,
      {
        details: { parameter: shown },
      },
    );
  }
  const meta = schema && wireOf(schema);
  const given = input[name];
  if (meta?.wire === 'uuid' && typeof given === 'string') throw notFound(shown, shorten(given));
  const value = meta?.secret ? 'the value given' : shownValue(given);
  throw invalidValue(command, { shown, value, why: issue?.message ?? 'malformed' });
}

function invalidValue(command: Command, fault: { shown: string; value: string; why: string }): DurastackError {
  const { shown, value, why } = fault;
  const what = `Unable to execute API command ${command.name.toLowerCase()} due to invalid value`;
  return invalid(shown, `${what} ${value} of parameter ${shown}: ${why}`);
}

/** What stands in a message for a value: short, and no structure, which may be deeper than the stack. */
function shownValue(value: unknown): string {
  if (typeof value !== 'object' || value === null)
    return JSON.stringify(typeof value === 'string' ? shorten(value) : value);
  return Array.isArray(value) ? `[${value.length} items]` : '{…}';
}

/** Schemas say what a text means; characters that no text of a command may hold are refused for all of them here. */
function refuseBadTexts(
  command: Command,
  params: Readonly<Record<string, unknown>>,
  nameOf: (name: string) => string,
): void {
  for (const [name, value] of Object.entries(params)) {
    const schema = command.params.shape[name] as z.ZodType | undefined;
    const meta = schema && wireOf(schema);
    const why = textFault(value, { lines: (meta?.length ?? 0) >= LINES_FROM_LENGTH });
    if (why === undefined) continue;
    throw invalidValue(command, {
      shown: nameOf(name),
      value: meta?.secret ? 'the value given' : shownValue(value),
      why,
    });
  }
}

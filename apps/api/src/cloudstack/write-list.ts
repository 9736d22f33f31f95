/** Lists as CloudStack's JSON, written right from what was read: objects between would cost more than all else. */
import { unwrap, wireName, wireOf, type WireType } from '@durastack/contracts/fields';
import type { ListView } from '@durastack/store/lists/engine/define-list';
import type { RawItem, RawPage } from '@durastack/store/lists/engine/run-list';
import { z } from 'zod';
import { cloudStackDate } from './render-json.js';

/** A reply's body that is text already. */
export class JsonText {
  constructor(readonly text: string) {}
}

type Encode = (value: unknown) => string;

/** A column of a view. */
interface Column {
  readonly name: string;
  /** With its colon. */
  readonly key: string;
  readonly encode: Encode;
}

interface Writer {
  readonly columns: readonly Column[];
  /** Of every field of the view that is not a column. */
  readonly others: ReadonlyMap<string, { readonly key: string; readonly encode: Encode }>;
}

// oxlint-disable-next-line no-control-regex -- what JSON does not take as it is
const ESCAPED = /[\u0000-\u001f"\\\ud800-\udfff]/;

function encodeText(value: unknown): string {
  const text = typeof value === 'string' ? value : String(value);
  return ESCAPED.test(text) ? JSON.stringify(text) : `"${text}"`;
}

const encodeNumber: Encode = (value) => String(Number(value));

/** From what the database gives; see `rowMapper`. */
const ENCODERS: Partial<Record<WireType, Encode>> = {
  boolean: (value) => (Number(value) === 0 ? 'false' : 'true'),
  integer: encodeNumber,
  long: encodeNumber,
  float: encodeNumber,
  string: encodeText,
  uuid: encodeText,
  date: (value) => `"${cloudStackDate(value instanceof Date ? value.toISOString() : String(value))}"`,
};

const writers = new WeakMap<ListView, Writer>();

function writerOf(view: ListView): Writer {
  const known = writers.get(view);
  if (known) return known;
  const columns: Column[] = [];
  const others = new Map<string, { key: string; encode: Encode }>();
  for (const [name, schema] of Object.entries(view.command.result.shape as Record<string, z.ZodType>)) {
    const key = `${JSON.stringify(wireName(name, schema))}:`;
    const encode = encodeValue(schema);
    if (!(name in view.columns)) others.set(name, { key, encode });
    else columns.push({ name, key, encode: ENCODERS[wireOf(schema)?.wire ?? 'object'] ?? encode });
  }
  const made = { columns, others };
  writers.set(view, made);
  return made;
}

/** Of values as a view declares them; what `renderObject` makes of them, as a text. */
function encodeValue(schema: z.ZodType): Encode {
  const inner = unwrap(schema);
  if (inner instanceof z.ZodArray) return encodeOnce(encodeArray(encodeValue(inner.element as z.ZodType)));
  if (inner instanceof z.ZodObject) return encodeObject(inner);
  if (wireOf(schema)?.wire === 'date') return (value) => `"${cloudStackDate(String(value))}"`;
  return encodePlain;
}

const encodePlain: Encode = (value) => {
  if (value === true) return 'true';
  if (value === false) return 'false';
  return typeof value === 'string' ? encodeText(value) : JSON.stringify(value);
};

function encodeArray(encode: Encode): Encode {
  return (value) => (Array.isArray(value) ? `[${value.map((item) => encode(item)).join(',')}]` : JSON.stringify(value));
}

function encodeObject(view: z.ZodObject): Encode {
  const members = Object.entries(view.shape as Record<string, z.ZodType>).map(([name, schema]) => ({
    ...{ name, key: `${JSON.stringify(wireName(name, schema))}:`, encode: encodeValue(schema) },
  }));
  return (value) => {
    if (typeof value !== 'object' || value === null) return JSON.stringify(value);
    let text = '';
    for (const { name, key, encode } of members) {
      const field = (value as Readonly<Record<string, unknown>>)[name];
      if (field !== null && field !== undefined) text += `${key}${encode(field)},`;
    }
    return `{${text.slice(0, -1)}}`;
  };
}

/** Views freeze what many rows have in common: its text is kept. */
function encodeOnce(encode: Encode): Encode {
  const texts = new WeakMap<object, string>();
  return (value) => {
    if (typeof value !== 'object' || value === null || !Object.isFrozen(value)) return encode(value);
    const known = texts.get(value);
    if (known !== undefined) return known;
    const text = encode(value);
    texts.set(value, text);
    return text;
  };
}

/** The members of an item that are known before its children are, each followed by a comma. */
function headOf({ row, computed }: RawItem, writer: Writer, hidden: ReadonlySet<string>): string {
  let text = '';
  for (const { name, key, encode } of writer.columns) {
    const value = row[name];
    if (value !== null && value !== undefined) text += `${key}${encode(value)},`;
  }
  return computed === undefined ? text : text + membersOf(computed, writer, hidden);
}

function membersOf(fields: Readonly<Record<string, unknown>>, writer: Writer, hidden: ReadonlySet<string>): string {
  let text = '';
  for (const name in fields) {
    const value = fields[name];
    const other = writer.others.get(name);
    if (other !== undefined && value !== null && value !== undefined && !hidden.has(name))
      text += `${other.key}${other.encode(value)},`;
  }
  return text;
}

/** A list's body; see `listBody`. */
export async function writeList(wrapper: string, view: ListView, page: RawPage): Promise<JsonText> {
  const { columns, others } = writerOf(view);
  const { hidden } = page;
  const writer = { columns: columns.filter(({ name }) => !hidden.has(name)), others };
  // While the database looks for children.
  const heads = page.items.map((item) => headOf(item, writer, hidden));
  const { children, count } = await page.rest;
  if (count === 0) return new JsonText('{}');
  if (heads.length === 0) return new JsonText(`{"count":${count}}`);
  const items = heads.map((head, index) => {
    const below = children[index];
    const members = below === undefined ? head : head + membersOf(below, writer, hidden);
    return `{${members.slice(0, -1)}}`;
  });
  return new JsonText(`{"count":${count},${JSON.stringify(wrapper)}:[${items.join(',')}]}`);
}

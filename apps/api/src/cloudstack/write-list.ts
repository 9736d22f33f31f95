/** Lists as CloudStack's JSON, written right from what was read: objects between would cost more than all else. */
import { unwrap, wireName, wireOf, type WireType } from '@durastack/contracts/fields';
import type { ListView } from '@durastack/store/lists/engine/define-list';
import type { RawItem, RestOfPage } from '@durastack/store/lists/engine/run-list';
import { z } from 'zod';
import { JsonBytes } from './json-bytes.js';
import { cloudStackDate } from './render-json.js';

type Encode = (value: unknown) => string;

/** A column of a view. */
interface Column {
  readonly name: string;
  /** With its colon. */
  readonly key: string;
  readonly encode: Encode;
}

/**
 * Members of one column, item by item. What many items in a row have in common, as the name of their zone, is written
 * once; and it is one piece then, where a text that was put together is not.
 */
class Members {
  private value: unknown;
  private text = '';

  constructor(private readonly column: Column) {}

  /** The member of an item, with a comma behind it; empty for null. */
  of(row: Readonly<Record<string, unknown>>): string {
    const { name, key, encode } = this.column;
    const value = row[name];
    if (value === null || value === undefined) return '';
    if (value === this.value) return this.text;
    this.value = value;
    this.text = [key, encode(value), ','].join('');
    return this.text;
  }
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

/** A list whose items are written as they are read. */
export class ListWriter {
  private readonly writer: Writer;
  private readonly columns: readonly Members[];
  /** Items without their last members and braces, one after the other. */
  private readonly heads = new JsonBytes();
  private readonly sizes: number[] = [];

  /** @param hidden fields that the viewer does not see */
  constructor(
    view: ListView,
    private readonly hidden: ReadonlySet<string>,
  ) {
    this.writer = writerOf(view);
    this.columns = this.writer.columns.filter(({ name }) => !hidden.has(name)).map((column) => new Members(column));
  }

  /** Adds the next item. */
  readonly add = ({ row, computed }: RawItem): void => {
    let head = '';
    for (const column of this.columns) head += column.of(row);
    if (computed !== undefined) head += membersOf(computed, this.writer, this.hidden);
    this.sizes.push(this.heads.add(head));
  };

  /** The list's body; see `listBody`. */
  end(wrapper: string, { below, count }: RestOfPage): JsonBytes {
    const body = new JsonBytes();
    // They are counted by themselves, and some may have gone meanwhile.
    const total = Math.max(count, this.sizes.length);
    body.add(total === 0 ? '{' : `{"count":${total}`);
    for (const [index, size] of this.sizes.entries()) {
      body.add(index === 0 ? `,${JSON.stringify(wrapper)}:[{` : ',{');
      const tail = membersOf(below(index), this.writer, this.hidden);
      // Each member ends with a comma.
      body.take(this.heads, size, tail === '' && size > 0 ? 1 : 0);
      body.add(`${tail.slice(0, -1)}}`);
    }
    body.add(this.sizes.length === 0 ? '}' : ']}');
    return body;
  }
}

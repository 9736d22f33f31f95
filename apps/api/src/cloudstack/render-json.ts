/** Replies in CloudStack's JSON: lower-cased names, its date form, one envelope. */
import { unwrap, wireName, wireOf } from '@durastack/contracts/fields';
import { ERROR_KINDS, type DurastackError } from '@durastack/contracts/errors';
import { z } from 'zod';

const UTC_ISO = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z$/;

/** `2021-10-02T17:44:42+0000`: whole seconds, an offset without colon. */
export function cloudStackDate(iso: string): string {
  // As the list engine writes it; a page has hundreds, and parsing each would be for nothing.
  const inUtc = UTC_ISO.test(iso) ? iso : new Date(iso).toISOString();
  return `${inUtc.slice(0, 19)}+0000`;
}

type Render = (value: unknown) => unknown;

/** How a field's values become CloudStack's; undefined when they stay as they are. */
function valueRenderer(schema: z.ZodType): Render | undefined {
  const inner = unwrap(schema);
  if (inner instanceof z.ZodArray) {
    const item = valueRenderer(inner.element as z.ZodType);
    return item && ((value) => (Array.isArray(value) ? value.map(item) : value));
  }
  if (inner instanceof z.ZodObject)
    return (value) => (typeof value === 'object' ? renderObject(inner, value as Record<string, unknown>) : value);
  return wireOf(schema)?.wire === 'date' ? (value) => cloudStackDate(String(value)) : undefined;
}

interface Field {
  readonly name: string;
  readonly wireName: string;
  readonly render: Render | undefined;
}

const compiled = new WeakMap<z.ZodObject, readonly Field[]>();

/** The fields of a view; looked up once, for a page has thousands. */
function fieldsOf(view: z.ZodObject): readonly Field[] {
  const known = compiled.get(view);
  if (known) return known;
  const fields = Object.entries(view.shape as Record<string, z.ZodType>).map(([name, schema]) => ({
    name,
    wireName: wireName(name, schema),
    render: valueRenderer(schema),
  }));
  compiled.set(view, fields);
  return fields;
}

/** An object of a view under CloudStack's names. Fields that the view does not declare are left out. */
export function renderObject(view: z.ZodObject, value: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const rendered: Record<string, unknown> = {};
  for (const { name, wireName: wire, render } of fieldsOf(view)) {
    const field = value[name];
    if (field !== null && field !== undefined) rendered[wire] = render ? render(field) : field;
  }
  return rendered;
}

/** The one top-level key. */
export function envelopeName(command: string): string {
  return `${command.toLowerCase()}response`;
}

/** A list's body: nothing at all when it is empty. */
export function listBody(wrapper: string, items: readonly unknown[], count: number): Record<string, unknown> {
  return count === 0 ? {} : { count, ...(items.length > 0 ? { [wrapper]: items } : {}) };
}

/** An error's body; `errorcode` is the HTTP status as well. */
export function errorBody(error: DurastackError): {
  uuidList: { uuid: string; description: string }[];
  errorcode: number;
  cserrorcode: number;
  errortext: string;
} {
  const kind = ERROR_KINDS[error.code];
  const { parameter, id } = error.details;
  const uuidList =
    typeof id === 'string' && typeof parameter === 'string' ? [{ uuid: id, description: parameter }] : [];
  return { uuidList, errorcode: kind.cloudStackCode, cserrorcode: kind.csErrorCode, errortext: error.message };
}

/** Replies in CloudStack's JSON: lower-cased names, its date form, one envelope. */
import { unwrap, wireName, wireOf } from '@durastack/contracts/fields';
import { ERROR_KINDS, type DurastackError } from '@durastack/contracts/errors';
import { z } from 'zod';

/** `2021-10-02T17:44:42+0000`: whole seconds, an offset without colon. */
export function cloudStackDate(iso: string): string {
  return `${new Date(iso).toISOString().slice(0, 19)}+0000`;
}

function render(schema: z.ZodType | undefined, value: unknown): unknown {
  if (value === null || value === undefined) return undefined;
  if (schema === undefined) return value;
  const inner = unwrap(schema);
  if (inner instanceof z.ZodArray && Array.isArray(value))
    return value.map((item) => render(inner.element as z.ZodType, item));
  if (inner instanceof z.ZodObject && typeof value === 'object')
    return renderObject(inner, value as Record<string, unknown>);
  if (wireOf(schema)?.wire === 'date') return cloudStackDate(String(value));
  return value;
}

/** An object of a view under CloudStack's names. Fields that the view does not declare are left out. */
export function renderObject(view: z.ZodObject, value: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const rendered: Record<string, unknown> = {};
  for (const [name, schema] of Object.entries(view.shape as Record<string, z.ZodType>)) {
    const field = render(schema, value[name]);
    if (field !== undefined) rendered[wireName(name, schema)] = field;
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

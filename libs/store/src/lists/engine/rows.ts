import { unwrap, wireOf, type WireType } from '@durastack/contracts/fields';
import { z } from 'zod';

type Convert = (value: unknown) => unknown;

const CONVERTERS: Partial<Record<WireType, Convert>> = {
  boolean: (value) => Number(value) !== 0,
  integer: Number,
  long: Number,
  float: Number,
  string: String,
  uuid: String,
  date: (value) => (value instanceof Date ? value.toISOString() : String(value)),
};

/** What a SELECT names, from fields and their expressions. */
export function selectList(columns: Readonly<Record<string, string | undefined>>): string {
  return Object.entries(columns)
    .map(([field, expression]) => `${expression} AS \`${field}\``)
    .join(', ');
}

/** How the columns of rows become the typed fields of a view; computed once for each list. */
export function rowMapper(
  shape: Readonly<Record<string, z.ZodType>>,
  fields: readonly string[],
): (row: Readonly<Record<string, unknown>>) => Record<string, unknown> {
  const steps = fields.map((field): [string, Convert | undefined] => {
    const schema = shape[field];
    return [field, schema && CONVERTERS[wireOf(schema)?.wire ?? 'object']];
  });
  return (row) => {
    const item: Record<string, unknown> = {};
    for (const [field, convert] of steps) {
      const value = row[field];
      if (value !== null && value !== undefined) item[field] = convert ? convert(value) : value;
    }
    return item;
  };
}

/** The fields of the objects in an array field of a view. */
export function itemShape(schema: z.ZodType | undefined): Readonly<Record<string, z.ZodType>> {
  const array = schema && unwrap(schema);
  const item = array instanceof z.ZodArray ? array.element : undefined;
  return item instanceof z.ZodObject ? (item.shape as Record<string, z.ZodType>) : {};
}

/** A piece of SQL with its bound values. */
export interface Sql {
  readonly text: string;
  readonly values: readonly unknown[];
  /** A condition that nearly all rows fulfil. */
  readonly isBroad?: boolean;
}

/** ``sql`z.name = ${name}` ``: values are bound, never spliced; a nested {@link Sql} is put in as it is. */
export function sql(parts: TemplateStringsArray, ...values: readonly unknown[]): Sql {
  let text = parts[0] ?? '';
  const bound: unknown[] = [];
  values.forEach((value, index) => {
    if (isSql(value)) {
      text += value.text;
      bound.push(...value.values);
    } else {
      text += '?';
      bound.push(value);
    }
    text += parts[index + 1] ?? '';
  });
  return { text, values: bound };
}

/** Text of this package put into SQL as it is: column and table names, never a value of a call. */
export function raw(text: string): Sql {
  return { text, values: [] };
}

/** All of them, joined; true when there is none. */
export function join(parts: readonly Sql[], separator: ' AND ' | ' OR '): Sql {
  if (parts.length === 0) return raw('TRUE');
  return {
    text: parts.map((part) => `(${part.text})`).join(separator),
    values: parts.flatMap((part) => part.values),
  };
}

/** A LIKE pattern of a literal text: its own wildcards are escaped. */
export function likePattern(value: string, where: 'inside' | 'prefix' = 'inside'): string {
  const literal = value.replace(/[\\%_]/g, (character) => `\\${character}`);
  return where === 'inside' ? `%${literal}%` : `${literal}%`;
}

function isSql(value: unknown): value is Sql {
  return typeof value === 'object' && value !== null && 'text' in value && 'values' in value;
}

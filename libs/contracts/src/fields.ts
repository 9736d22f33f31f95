/**
 * Field builders for command parameters and reply views.
 *
 * Each is a Zod schema that carries its description and its CloudStack wire type as metadata, so that one
 * declaration serves both faces, `listApis` and OpenAPI. JSON values are typed (REST); the CloudStack face
 * converts its text values by {@link wireOf} before it validates.
 */
import { z } from 'zod';

/** CloudStack's names of parameter and field types, as `listApis` prints them. */
export type WireType =
  'uuid' | 'string' | 'boolean' | 'integer' | 'long' | 'float' | 'date' | 'list' | 'map' | 'object';

/** What a field's metadata says to the faces. */
export interface FieldMeta {
  readonly description: string;
  readonly wire: WireType;
  /** Greatest length of a text. */
  readonly length?: number;
  /** Never logged and never echoed. */
  readonly secret?: boolean;
  /** Of a list: an empty value on CloudStack's wire is an empty list. Otherwise it is taken as not given. */
  readonly mayBeEmpty?: boolean;
  /** CloudStack's name where it is not the camelCase one in lower case. */
  readonly wireName?: string;
}

/** Any schema with its metadata; the builders below cover what is common. */
export const field = <S extends z.ZodType>(schema: S, meta: FieldMeta): S => schema.meta({ ...meta }) as S;

/** A resource id. */
export const uuid = (description: string, options: { wireName?: string } = {}) =>
  field(
    z
      .string()
      .regex(/^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/, 'is not a UUID')
      .toLowerCase(),
    {
      description,
      wire: 'uuid',
      ...(options.wireName ? { wireName: options.wireName } : {}),
    },
  );

/** A project's id, or -1 for all projects. */
export const projectId = (description: string) =>
  field(
    z
      .string()
      .regex(/^(-1|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})$/, 'is neither a UUID nor -1')
      .toLowerCase(),
    { description, wire: 'uuid' },
  );

/** A text of at most `max` characters (default 255). */
export const text = (description: string, options: { max?: number; secret?: boolean; wireName?: string } = {}) =>
  field(z.string().max(options.max ?? 255), {
    description,
    wire: 'string',
    length: options.max ?? 255,
    ...(options.secret ? { secret: true } : {}),
    ...(options.wireName ? { wireName: options.wireName } : {}),
  });

const OCTET = '(25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';
const IPV4 = new RegExp(`^(${OCTET}(\\.${OCTET}){3})?$`);

/** A dotted IPv4 address; empty where a form left it open. */
export const ipv4 = (description: string) =>
  field(z.string().max(45).regex(IPV4, 'is no IPv4 address'), { description, wire: 'string', length: 45 });

/** One of a closed list of words; CloudStack clients vary in case, so the face compares without it. */
export const oneOf = <const T extends readonly [string, ...string[]]>(description: string, values: T) =>
  field(z.enum(values), { description: `${description} (${values.join(', ')})`, wire: 'string' });

/** true or false. */
export const bool = (description: string, options: { wireName?: string } = {}) =>
  field(z.boolean(), { description, wire: 'boolean', ...options });

/** A whole number between `min` and `max`, 32 bits on the wire. */
export const int = (description: string, range: { min?: number; max?: number } = {}) =>
  field(
    z
      .int()
      .min(range.min ?? -2147483648)
      .max(range.max ?? 2147483647),
    { description, wire: 'integer' },
  );

/** A whole number up to 2^53, 64 bits on the wire. */
export const long = (description: string, range: { min?: number; max?: number } = {}) =>
  field(
    z
      .int()
      .min(range.min ?? Number.MIN_SAFE_INTEGER)
      .max(range.max ?? Number.MAX_SAFE_INTEGER),
    { description, wire: 'long' },
  );

/** A number. */
export const float = (description: string) => field(z.number(), { description, wire: 'float' });

/** A moment, ISO 8601 with offset; CloudStack's form is `2021-10-02T17:44:42+0000`. */
export const date = (description: string) => field(z.string(), { description, wire: 'date' });

/** One of a list of texts that stand for nothing longer. */
export const word = z.string().max(255);

/** The longest key and value of a tag. */
export const TAG_LENGTHS = { key: 191, value: 255 } as const;

/** The greatest number of items in a list or map that a call brings. */
export const MAX_ITEMS = 1_000;

/** A list; comma-joined on CloudStack's wire when its items are texts. */
export const list = <S extends z.ZodType>(
  description: string,
  item: S,
  options: { wireName?: string; mayBeEmpty?: boolean } = {},
) => field(z.array(item).max(MAX_ITEMS), { description, wire: 'list', ...options });

/** A map of texts with keys and values of bounded length, and not too many. */
const texts = (max: { key?: number; value?: number } = {}) =>
  z
    .record(z.string().max(max.key ?? 255), z.string().max(max.value ?? 4_096))
    .refine((map) => Object.keys(map).length <= MAX_ITEMS, `has more than ${MAX_ITEMS} entries`);

/** A map of texts; indexed on CloudStack's wire (`tags[0].key=…&tags[0].value=…`, `details[0].name=…`). */
export const map = (description: string, options: { key?: number; value?: number; secret?: boolean } = {}) =>
  field(texts(options), { description, wire: 'map', ...(options.secret ? { secret: true } : {}) });

/** A list of maps, one per index (`nicnetworklist[0].networkid=…`). */
export const mapList = (description: string) => field(z.array(texts()).max(MAX_ITEMS), { description, wire: 'map' });

/** A nested object of a reply. */
export const object = <T extends z.ZodRawShape>(description: string, shape: T) =>
  field(z.object(shape), { description, wire: 'object' });

/** The schema behind `optional`, `nullable` and `default`. */
export function unwrap(schema: z.ZodType): z.ZodType {
  let inner = schema;
  while (inner instanceof z.ZodOptional || inner instanceof z.ZodNullable || inner instanceof z.ZodDefault) {
    inner = inner.unwrap() as z.ZodType;
  }
  return inner;
}

/** The metadata of a field made by this module; undefined for any other schema. */
export function wireOf(schema: z.ZodType): FieldMeta | undefined {
  return unwrap(schema).meta() as FieldMeta | undefined;
}

/** CloudStack's name of a field: the camelCase one in lower case unless declared otherwise. */
export function wireName(name: string, schema: z.ZodType): string {
  return wireOf(schema)?.wireName ?? name.toLowerCase();
}

/** Calls of CloudStack's query API: for any declared command, from its own schema. */
import { randomUUID } from 'node:crypto';
import type { Command } from '@durastack/contracts/command';
import { unwrap, wireOf } from '@durastack/contracts/fields';
import fc from 'fast-check';
import { z } from 'zod';
import { encode, type Credentials, type HostileCall } from './call.js';
import { atLimit, chance, isRequired, parametersOf, pick, plausible, type Draw } from './plausible.js';
import { BROKEN_ENCODINGS, HOSTILE_TEXTS, HOSTILE_URLS, LONG_TEXTS, NEVER, STRANGE_NAMES } from './values.js';
import { TENANTS, type HostileWorld, type TenantName } from './world.js';

/** Pairs of one request, names and values encoded. */
export type Pairs = (readonly [string, string])[];

const ROLES: Readonly<Record<TenantName, 'admin' | 'domain-admin' | 'user'>> = {
  ...{ root: 'admin', dora: 'domain-admin', rick: 'domain-admin' },
  ...{ alice: 'user', bob: 'user', sue: 'user', carl: 'user' },
};

/** Whether a tenant's role includes a command. */
export const mayUse = (command: Command, tenant: TenantName): boolean =>
  command.roles.includes('anyone') || command.roles.includes(ROLES[tenant]);

/** Somebody who may use it, mostly. */
export function drawCaller(draw: Draw, command: Command): TenantName {
  const allowed = TENANTS.filter((tenant) => mayUse(command, tenant));
  return pick(draw, chance(draw, 95) ? allowed : TENANTS);
}

/** A parameter in one of the spellings of its kind. */
export function pairsOf(draw: Draw, wire: string, value: unknown): Pairs {
  if (Array.isArray(value) && typeof value[0] === 'object') {
    return value.flatMap((item, index) =>
      Object.entries(item as Record<string, string>).map(
        ([key, text]) => [`${wire}[${index}].${key}`, encode(text)] as const,
      ),
    );
  }
  if (Array.isArray(value)) return [[wire, encode(value.join(','))]];
  if (typeof value !== 'object') return [[wire, encode(String(value))]];
  const entries = Object.entries(value as Record<string, string>);
  return chance(draw, 50)
    ? entries.map(([key, text]) => [`${wire}[0].${key}`, encode(text)] as const)
    : entries.flatMap(([key, text], index) => [
        [`${wire}[${index}].key`, encode(key)] as const,
        [`${wire}[${index}].value`, encode(text)] as const,
      ]);
}

interface Plan {
  readonly pairs: Pairs;
  readonly about: string;
  readonly expected: HostileCall['expected'];
  readonly credentials?: Credentials;
}

type Parameter = ReturnType<typeof parametersOf>[number];

/** A text that this parameter can never accept, as encoded pairs. */
function neverPairs(draw: Draw, { wire, schema, kind }: Parameter): Pairs | undefined {
  const inner = unwrap(schema);
  if (inner instanceof z.ZodEnum) return [[wire, encode(pick(draw, ['no-such-word', "x' OR 1", '\u202e', 'a\0']))]];
  if (kind === 'string') {
    const length = wireOf(schema)?.length ?? 255;
    return [[wire, encode(pick(draw, ['x'.repeat(length + 1), 'a\0b', 'a\u001b[31m', 'a\u202eb', 'a\uffffb']))]];
  }
  if (kind === 'map') {
    if (inner instanceof z.ZodArray) return [[`${wire}[0].networkid`, encode('x'.repeat(70_000))]];
    const [key, value] = pick(draw, [
      ['k'.repeat(300), 'v'],
      ['k', 'v'.repeat(70_000)],
      ['a\0', 'v'],
      ['k', 'a\0'],
    ] as const);
    return [
      [`${wire}[0].key`, encode(key)],
      [`${wire}[0].value`, encode(value)],
    ];
  }
  if (kind === 'list') return [[wire, encode(pick(draw, ['a\0b', `${'x'.repeat(5_000)},y`, 'a,'.repeat(3_000)]))]];
  const texts = NEVER[kind];
  return texts && [[wire, encode(pick(draw, texts))]];
}

function without(pairs: Pairs, wire: string): Pairs {
  return pairs.filter(([name]) => name !== wire && !name.startsWith(`${wire}[`));
}

type Breaker = (draw: Draw, command: Command, base: Pairs, world: HostileWorld) => Plan | undefined;

const refused = (wire: string) => ({ refusedWith: 431, naming: [wire] });

const BREAKERS: readonly (readonly [weight: number, Breaker])[] = [
  [12, (_draw, _command, pairs) => ({ pairs, about: 'nothing', expected: {} })],
  [
    8,
    (draw, command, base) => {
      const required = parametersOf(command).filter(({ schema }) => isRequired(schema));
      if (required.length === 0) return undefined;
      const { wire } = pick(draw, required);
      return { pairs: without(base, wire), about: `${wire} is missing`, expected: refused(wire) };
    },
  ],
  [
    25,
    (draw, command, base) => {
      const parameters = parametersOf(command);
      if (parameters.length === 0) return undefined;
      const parameter = pick(draw, parameters);
      const broken = neverPairs(draw, parameter);
      if (!broken) return undefined;
      const { wire } = parameter;
      return { pairs: [...without(base, wire), ...broken], about: `${wire} cannot be that`, expected: refused(wire) };
    },
  ],
  [
    8,
    (draw, command, base) => {
      const parameters = parametersOf(command).filter(({ kind, schema }) => atLimit(draw, kind, schema) !== undefined);
      if (parameters.length === 0) return undefined;
      const { wire, kind, schema } = pick(draw, parameters);
      const pairs: Pairs = [...without(base, wire), [wire, encode(atLimit(draw, kind, schema) ?? '')]];
      return { pairs, about: `${wire} at its limit`, expected: {} };
    },
  ],
  [
    10,
    (draw, command, base) => {
      const names = ['command', 'unknown', ...parametersOf(command).map(({ wire }) => wire)];
      const wire = pick(
        draw,
        names.filter((name) => name !== 'command'),
      );
      const pairs: Pairs = [...without(base, wire), [wire, pick(draw, BROKEN_ENCODINGS)]];
      return { pairs, about: `${wire} is no percent-encoding`, expected: refused(wire) };
    },
  ],
  [
    8,
    (draw, _command, base) => {
      const [name, value] = pick(draw, base.length > 0 ? base : [['extra', '1'] as const]);
      const pairs: Pairs = [...base, [name, value], [pick(draw, [name, name.toUpperCase()]), `${value}x`]];
      return { pairs, about: `${name} is given twice`, expected: refused(name) };
    },
  ],
  [
    12,
    (draw, command, base, world) => {
      const ids = parametersOf(command).filter(({ kind }) => kind === 'uuid');
      if (ids.length === 0) return undefined;
      const { wire } = pick(draw, ids);
      const all = [...Object.values(world.ids).flat(), ...world.deletedIds, randomUUID()];
      return { pairs: [...without(base, wire), [wire, pick(draw, all)]], about: `${wire} is somebody's`, expected: {} };
    },
  ],
  [
    30,
    (draw, command, base) => {
      const parameters = parametersOf(command);
      let pairs = base;
      for (let count = draw(fc.nat, 2); count >= 0; count -= 1) {
        const hostile = encode(pick(draw, chance(draw, 90) ? HOSTILE_TEXTS : LONG_TEXTS));
        if (parameters.length === 0 || chance(draw, 25)) {
          const name = chance(draw, 70)
            ? pick(draw, STRANGE_NAMES)
            : (parameters[0]?.wire ?? 'x') + pick(draw, HOSTILE_TEXTS);
          pairs = [...pairs.filter(([known]) => known !== encode(name)), [encode(name), hostile]];
        } else {
          const { wire, kind } = pick(draw, parameters);
          const suffix =
            kind === 'map'
              ? `[${pick(draw, ['0', '999999999', '00', '9'.repeat(30)])}].${encode(pick(draw, ['key', 'networkid', '__proto__', 'constructor', 'a.b', ...HOSTILE_TEXTS.slice(10, 20)]))}`
              : '';
          const url = wire === 'url' && chance(draw, 80) ? encode(pick(draw, HOSTILE_URLS)) : hostile;
          pairs = [...without(pairs, wire), [`${wire}${suffix}`, url]];
        }
      }
      return { pairs, about: 'hostile values', expected: {} };
    },
  ],
  [
    6,
    (draw, command, pairs) => {
      if (command.roles.includes('anyone')) return undefined;
      const all: Credentials[] = ['none', 'wrong-signature', 'wrong-key', 'expired', 'no-expires', 'bad-expires'];
      const credentials = pick(draw, all);
      return { pairs, about: `credentials: ${credentials}`, expected: { refusedWith: 401 }, credentials };
    },
  ],
];

const WEIGHTS = BREAKERS.reduce((sum, [weight]) => sum + weight, 0);

function drawPlan(draw: Draw, command: Command, base: Pairs, world: HostileWorld): Plan {
  let point = draw(fc.nat, WEIGHTS - 1);
  for (const [weight, breaker] of BREAKERS) {
    if (point < weight) return breaker(draw, command, base, world) ?? { pairs: base, about: 'nothing', expected: {} };
    point -= weight;
  }
  return { pairs: base, about: 'nothing', expected: {} };
}

/** Draws a call of this command: right, nearly right, or hostile. */
export function drawQueryCall(draw: Draw, command: Command, world: HostileWorld): HostileCall {
  const caller = drawCaller(draw, command);
  const base: Pairs = parametersOf(command)
    .filter(({ schema }) => isRequired(schema) || chance(draw, 30))
    .flatMap(({ name, wire, schema }) => pairsOf(draw, wire, plausible(draw, { command, name, schema }, world)));
  const { pairs, about, expected, credentials = 'right' } = drawPlan(draw, command, base, world);
  const fixed: Pairs = [
    ['command', pick(draw, [command.name, command.name, command.name.toLowerCase(), command.name.toUpperCase()])],
    ['response', 'json'],
  ];
  const forbidden = !mayUse(command, caller) && expected.refusedWith !== 401;
  const late = about.includes('twice') || about.includes('encoding');
  const call = {
    face: 'query' as const,
    command: command.name,
    caller,
    credentials,
    path: pick(draw, ['/client/api', '/client/api', '/client/api/']),
    about,
    expected: forbidden && !late ? { refusedWith: 432 } : expected,
  };
  const long = pairs.reduce((sum, [name, value]) => sum + name.length + value.length, 0) > 8_000;
  if (long || chance(draw, 40)) return { ...call, method: 'POST', query: [], form: [...fixed, ...pairs] };
  return { ...call, method: 'GET', query: [...fixed, ...pairs] };
}

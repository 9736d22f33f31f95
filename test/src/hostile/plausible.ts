/** Values that a well-meaning client would send, by the name of a parameter. */
import { randomUUID } from 'node:crypto';
import type { Command } from '@durastack/contracts/command';
import { unwrap, wireName, wireOf } from '@durastack/contracts/fields';
import fc from 'fast-check';
import { z } from 'zod';
import type { HostileWorld } from './world.js';

/** fast-check's generator within a property: each call draws a value that it can shrink. */
export type Draw = fc.GeneratorValue;

/** Draws one of a list. */
export const pick = <T>(draw: Draw, items: readonly T[]): T => items[draw(fc.nat, items.length - 1)] as T;
/** True in so many of a hundred draws. */
export const chance = (draw: Draw, percent: number): boolean => draw(fc.nat, 99) < percent;

const ED25519 = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEuKbHjzWhnIKVnoYIrcXRvDPCxfXKfCdTdTjnG2NG8B spec';

/** Which kind of thing an id parameter names; `id` is decided by the command's name. */
const KINDS: readonly (readonly [RegExp, string])[] = [
  [/^zone/, 'zone'],
  [/^pod/, 'pod'],
  [/^cluster/, 'cluster'],
  [/^host/, 'host'],
  [/^(storage|pool)/, 'pool'],
  [/^imagestore/, 'store'],
  [/^serviceoffering/, 'serviceoffering'],
  [/^diskoffering/, 'diskoffering'],
  [/^(domain|parentdomain)/, 'domain'],
  [/^account/, 'account'],
  [/^user/, 'user'],
  [/^(virtualmachine|resource|entity|vm)/, 'machine'],
  [/^volume/, 'volume'],
  [/^template/, 'template'],
  [/^iso/, 'iso'],
  [/^network/, 'network'],
  [/^(ssh)?keypair/, 'keypair'],
  [/^job/, 'job'],
  [/^project/, 'project'],
];

function kindOf(command: Command, wire: string): string | undefined {
  const noun = command.name.replace(/^[a-z]+/, '').toLowerCase();
  const subject = wire === 'id' || wire === 'ids' ? noun.replace(/s$/, '') : wire;
  return KINDS.find(([pattern]) => pattern.test(subject))?.[1];
}

const TEXTS: Readonly<Record<string, readonly string[]>> = {
  gateway: ['10.7.0.1'],
  netmask: ['255.255.255.0'],
  startip: ['10.7.0.10'],
  endip: ['10.7.0.20'],
  dns1: ['192.0.2.1'],
  dns2: ['192.0.2.2'],
  internaldns1: ['192.0.2.3'],
  ipaddress: ['10.9.0.12'],
  publickey: [ED25519],
  userdata: ['I2Nsb3VkLWNvbmZpZwo='],
  hypervisor: ['Simulator'],
  format: ['QCOW2'],
  networktype: ['Advanced'],
  provider: ['Directory'],
  clustertype: ['CloudManaged'],
  vlan: ['untagged'],
  'createPhysicalNetwork vlan': ['100-199', '300'],
  'updatePhysicalNetwork vlan': ['100-199', '300'],
  rule: ['list*', 'startVirtualMachine'],
  account: ['alice', 'bob'],
  username: ['alice', 'newcomer'],
  password: ['secret-of-alice'],
  domain: ['/acme', '/'],
  resourcetype: ['UserVm', 'Template', 'Network', 'Volume'],
  entitytype: ['VM', 'VOLUME', 'TEMPLATE', 'NETWORK'],
  sortkey: ['name'],
  templatefilter: ['all', 'self'],
  isofilter: ['all', 'self'],
  networkdomain: ['example.org'],
  email: ['a@example.org'],
  port: ['443'],
  fingerprint: ['ab'.repeat(32)],
};

const URLS: Readonly<Record<string, string>> = {
  addHost: 'agent://127.0.0.1:1',
  registerTemplate: 'http://192.0.2.9/image.qcow2',
  registerIso: 'http://192.0.2.9/image.iso',
  createStoragePool: 'SharedMountPoint://localhost/srv/other',
  addImageStore: 'file:///srv/other',
};

function ranged(draw: Draw, schema: z.ZodType): number {
  const { minValue, maxValue } = unwrap(schema) as z.ZodNumber;
  const least = Math.max(0, Number.isFinite(minValue) ? Number(minValue) : 0);
  return Math.min(least + draw(fc.nat, 4), Number.isFinite(maxValue) ? Number(maxValue) : 1_000);
}

function textFor(draw: Draw, command: Command, wire: string): string {
  if (wire === 'url') return URLS[command.name] ?? 'http://192.0.2.9/';
  return pick(draw, TEXTS[`${command.name} ${wire}`] ?? TEXTS[wire] ?? [`n${draw(fc.nat, 9_999)}`, 'plain text']);
}

/** A parameter's value as JSON. */
export function plausible(
  draw: Draw,
  at: { command: Command; name: string; schema: z.ZodType },
  world: HostileWorld,
): unknown {
  const { command, name, schema } = at;
  const wire = wireName(name, schema);
  const inner = unwrap(schema);
  if (inner instanceof z.ZodEnum) return pick(draw, inner.options as string[]);
  switch (wireOf(schema)?.wire) {
    case 'uuid':
      return pick(draw, world.ids[kindOf(command, wire) ?? 'zone'] ?? []);
    case 'boolean':
      return chance(draw, 50);
    case 'integer':
    case 'long':
      return /page/.test(wire) ? draw(fc.nat, 3) + 1 : ranged(draw, schema);
    case 'float':
      return 1.5;
    case 'date':
      return pick(draw, ['2026-01-01', '2026-01-01T00:00:00+0000']);
    case 'list':
      return [plausibleItem(draw, at, world)];
    case 'map':
      return inner instanceof z.ZodArray
        ? [{ networkid: pick(draw, world.ids['network'] ?? []) }]
        : { [`key${draw(fc.nat, 9)}`]: 'value' };
    default:
      return textFor(draw, command, wire);
  }
}

function plausibleItem(
  draw: Draw,
  { command, name, schema }: { command: Command; name: string; schema: z.ZodType },
  world: HostileWorld,
): string {
  const wire = wireName(name, schema);
  const kind = wire.endsWith('ids') ? kindOf(command, wire) : undefined;
  const isId = wireOf((unwrap(schema) as z.ZodArray).element as z.ZodType)?.wire === 'uuid';
  return kind ? pick(draw, world.ids[kind] ?? []) : isId ? randomUUID() : 'word';
}

/** The most that a parameter's own schema lets through; undefined when it has no such limit. */
export function atLimit(draw: Draw, kind: string, schema: z.ZodType): string | undefined {
  const inner = unwrap(schema);
  if (inner instanceof z.ZodEnum) return undefined;
  if (kind === 'string') {
    const length = Math.min(wireOf(schema)?.length ?? 255, 20_000);
    return pick(draw, ['x', 'é', '\u{1F600}', '1', 'a.', "'"])
      .repeat(length)
      .slice(0, length & ~1);
  }
  if (kind === 'integer' || kind === 'long') {
    const { minValue, maxValue } = inner as z.ZodNumber;
    return String(pick(draw, [minValue ?? -1, maxValue ?? 2 ** 31 - 1, 0]));
  }
  if (kind === 'list') return Array.from({ length: 1_000 }, (_, index) => `w${index}`).join(',');
  return undefined;
}

/** Whether a call must bring the parameter. */
export const isRequired = (schema: z.ZodType): boolean => !schema.safeParse(undefined).success;

/** The parameters of a command, with their CloudStack names. */
export function parametersOf(command: Command): { name: string; wire: string; schema: z.ZodType; kind: string }[] {
  return Object.entries(command.params.shape as Record<string, z.ZodType>).map(([name, schema]) => ({
    name,
    wire: wireName(name, schema),
    schema,
    kind: wireOf(schema)?.wire ?? 'string',
  }));
}

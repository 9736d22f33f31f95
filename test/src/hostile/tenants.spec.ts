/** What is another's looks as if it did not exist: for every command and each of its parameters that names a thing. */
import { randomUUID } from 'node:crypto';
import type { Command } from '@durastack/contracts/command';
import { loadCatalogue } from '@durastack/kit/catalogue/load-catalogue';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encode, send, type HostileCall, type HostileReply } from './call.js';
import { isRequired, parametersOf, plausible } from './plausible.js';
import { mayUse, pairsOf, type Pairs } from './query-calls.js';
import { Snapshot } from './snapshot.js';
import { startHostileWorld, type HostileWorld, type Tenant, type TenantName } from './world.js';

const commands = [...(await loadCatalogue()).values()]
  .filter(
    // Makes an RSA key each time, after the very checks of registerSSHKeyPair.
    ({ name }) => name !== 'createSSHKeyPair',
  )
  .filter((command) => !command.roles.includes('anyone') && command.roles.some((role) => role !== 'admin'));

/** Who tries, and whose things are none of their business. */
const STRANGERS: readonly (readonly [TenantName, readonly TenantName[]])[] = [
  ['bob', ['alice']],
  ['dora', ['carl']],
  ['rick', ['sue']],
];

let world: HostileWorld;
let snapshot: Snapshot;
beforeAll(async () => {
  world = await startHostileWorld();
  snapshot = await Snapshot.take(world.database);
});
afterAll(async () => {
  await snapshot.drop();
  await world.stop();
});

const belongingsOf = ({ belongings }: Tenant): string[] => Object.values(belongings ?? {});

/** The world with nothing but the caller's own things in it, and what belongs to nobody. */
function ownWorld(caller: TenantName): HostileWorld {
  const tenant = world.tenants[caller];
  const mine = new Set([tenant.id, tenant.userId, tenant.domainId, ...belongingsOf(tenant)]);
  const owned = new Set([
    'domain',
    'account',
    'user',
    'machine',
    'volume',
    'template',
    'iso',
    'network',
    'keypair',
    'job',
    'project',
  ]);
  const ids = Object.entries(world.ids).map(([kind, all]) => {
    const own = all.filter((id) => mine.has(id));
    return [kind, owned.has(kind) && own.length > 0 ? own : all] as const;
  });
  return { ...world, ids: Object.fromEntries(ids) };
}

function callOf(command: Command, caller: TenantName, pairs: Pairs): HostileCall {
  const query: Pairs = [['command', command.name], ['response', 'json'], ...pairs];
  const fixed = { face: 'query', path: '/client/api', method: 'GET', credentials: 'right' } as const;
  return { ...fixed, command: command.name, caller, query, about: 'another’s', expected: {} };
}

const UUID = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

/** A reply without the id that was asked for; what is made has keys and ids of its own. */
const shapeOf = (command: Command, { status, text }: HostileReply, id: string): string =>
  status === 200 && !command.isList
    ? '200'
    : `${status} ${status === 200 ? text.replaceAll(id, 'ID') : text.replaceAll(UUID, 'ID')}`;

async function ask(command: Command, caller: TenantName, pairs: Pairs): Promise<HostileReply> {
  // Refused calls leave events of the caller's own, which name what was asked for.
  if (command.name === 'listEvents') await world.database.source.query('DELETE FROM event');
  const reply = await send(callOf(command, caller, pairs), world);
  if (reply.status === 200 && !command.isList && !command.readOnly) await snapshot.restore();
  return reply;
}

describe.each(commands.map((command) => [command.name, command] as const))('%s', (_name, command) => {
  const idParameters = parametersOf(command).filter(({ kind, wire }) => kind === 'uuid' || wire.endsWith('ids'));
  it.runIf(idParameters.length > 0)('tells nobody of things that are not theirs', async () => {
    for (const [caller, owners] of STRANGERS.filter(([name]) => mayUse(command, name))) {
      const [draw] = fc.sample(fc.gen(), { numRuns: 1, seed: 1 });
      if (!draw) continue;
      const own = ownWorld(caller);
      const base = parametersOf(command)
        .filter(({ schema }) => isRequired(schema))
        .flatMap(({ name, wire, schema }) => pairsOf(draw, wire, plausible(draw, { command, name, schema }, own)));
      for (const { wire } of idParameters) {
        const rest = base.filter(([name]) => name !== wire);
        const unknown = randomUUID();
        const missing = shapeOf(command, await ask(command, caller, [...rest, [wire, unknown]]), unknown);
        const foreign = owners.map((name) => world.tenants[name]);
        const ids = foreign.flatMap((tenant) => [tenant.id, tenant.userId, ...belongingsOf(tenant)]);
        // What is gone may still stand in lists of those who could see it: its tags, its offering.
        for (const id of command.isList ? ids : [...ids, ...world.deletedIds]) {
          const reply = await ask(command, caller, [...rest, [wire, encode(id)]]);
          expect(shapeOf(command, reply, id), `${caller} asks ${wire}=${id}`).toBe(missing);
        }
      }
      expect(await snapshot.changed()).toEqual([]);
    }
  });
});

it('administrators of a domain see what lies below it, and nothing beside it', async () => {
  const list = [...commands].find(({ name }) => name === 'listVirtualMachines');
  const sees = async (caller: TenantName, owner: TenantName): Promise<boolean> => {
    if (!list) return false;
    const id = world.tenants[owner].belongings?.vmId ?? '';
    return (await ask(list, caller, [['id', id]])).text.includes(id);
  };
  for (const owner of ['alice', 'bob', 'sue'] as const) expect(await sees('dora', owner), owner).toBe(true);
  expect(await sees('dora', 'carl')).toBe(false);
  expect(await sees('rick', 'carl')).toBe(true);
  for (const owner of ['alice', 'bob', 'sue', 'carl'] as const) expect(await sees('root', owner), owner).toBe(true);
});

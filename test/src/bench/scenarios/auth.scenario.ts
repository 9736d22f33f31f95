/** What it costs to know who calls and whether they may: the functions that the API's faces call, on a durable database. */
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createApi } from '@durastack/api/boot';
import { readParameters } from '@durastack/api/cloudstack/parameters';
import type { AnyCall, KnownCaller } from '@durastack/api/face/call';
import { DispatcherHint } from '@durastack/api/face/dispatcher-hint';
import { Invoker } from '@durastack/api/face/invoker';
import { ProjectRights } from '@durastack/api/identity/project-rights';
import { callerBySignature } from '@durastack/api/identity/request-signature';
import { RoleBook } from '@durastack/api/identity/role-book';
import { callerBySession, openSession } from '@durastack/api/identity/sessions';
import { apiSettings } from '@durastack/api/settings';
import { listVirtualMachines } from '@durastack/contracts/compute/list-virtual-machines';
import { invariant } from '@durastack/contracts/errors';
import { newId } from '@durastack/kit/ids/new-id';
import { createLogger } from '@durastack/kit/log/logger';
import { connectDatabase } from '@durastack/store/database/data-source';
import { transaction } from '@durastack/store/database/transaction';
import { newUserKeys, seed, storeUserKeys } from '@durastack/store/seed';
import type { DataSource } from 'typeorm';
import { makeScratch } from '../../support/interruption.js';
import { startPrivateMariadb } from '../../support/private-mariadb.js';
import { signedCall, type Keys } from '../load/run-load.js';
import { usageFigures, usageOf } from '../processes.js';
import type { CaseReport } from '../report.js';
import { insertMany, makeOwner, type Owner } from '../rows.js';
import type { Scenario } from '../scenario.js';

const GOAL = { atMost: 1 };
const PARAMS = { listall: 'true', page: '1', pagesize: '500' };
/** Users that the calls go round over, and projects that each is a member of, with a role. */
const [USERS, PROJECTS] = [200, 10];

/** See the module's head. */
export const scenario: Scenario = {
  name: 'auth',
  summary: 'CPU of authentication and authorisation per request: signed, by session, and of members of many projects',
  async run({ count = 5_000, tiny, onCase }) {
    const [calls, users] = tiny ? [4, 2] : [count, USERS];
    const { directory, remove } = makeScratch('durastack-auth-');
    const mariadb = await startPrivateMariadb(join(directory, 'mariadb'));
    const source = await connectDatabase({ url: mariadb.database.url });
    try {
      const ground = await prepare(source, { directory, url: mariadb.database.url, users });
      const pids = { api: process.pid, mariadb: mariadb.server.pid! };
      for (const kind of ground.kinds) onCase(await measure({ ...ground, source, pids, kind, calls }));
      await ground.stop();
    } finally {
      await source.destroy();
      await mariadb.database.drop();
      remove();
    }
  },
};

/** One way to show who calls. */
interface Kind {
  readonly title: string;
  /** As often as there are users; the caller of the request of that number. */
  identify(index: number): Promise<KnownCaller>;
}

interface Ground {
  readonly invoker: Invoker;
  readonly kinds: readonly Kind[];
  stop(): Promise<void>;
}

async function prepare(
  source: DataSource,
  { directory, url, users }: { directory: string; url: string; users: number },
): Promise<Ground> {
  const dataKeyFile = join(directory, 'data.key');
  writeFileSync(dataKeyFile, randomBytes(32).toString('base64'), { mode: 0o600 });
  await seed(source);
  const settings = apiSettings.parse({ databaseUrl: url, dataKeyFile, apiListen: '127.0.0.1:0', logLevel: 'silent' });
  const api = await createApi(settings, createLogger('bench', 'silent'), { database: source });
  const { platform, registry } = api;
  const invoker = new Invoker(
    platform,
    new DispatcherHint(platform),
    new RoleBook(platform, registry),
    new ProjectRights(platform),
  );
  const people = await makePeople(source, users, (userId, keys) =>
    transaction(source, (tx) => storeUserKeys(tx, platform.secrets, userId, keys)),
  );
  const signed = (all: readonly { keys: Keys }[]) => {
    const requests = all.map(({ keys }) => signedCall(listVirtualMachines.name, PARAMS, keys));
    return (index: number) =>
      callerBySignature(platform, readParameters(requests[index % requests.length]!, ''), {
        sourceAddress: '192.0.2.1',
      });
  };
  const sessions = await Promise.all(people.plain.map(({ owner }) => openSession(platform, owner.userId)));
  const bySession = async (index: number) =>
    (await callerBySession(platform, sessions[index % sessions.length]!, { sourceAddress: '192.0.2.1' })).caller;
  return {
    invoker,
    kinds: [
      { title: 'signed', identify: signed(people.plain) },
      { title: 'by session', identify: bySession },
      { title: `signed, member of ${PROJECTS} projects with a role in each`, identify: signed(people.members) },
    ],
    stop: () => api.close(),
  };
}

interface Person {
  readonly owner: Owner;
  readonly keys: Keys;
}

async function makePeople(
  source: DataSource,
  users: number,
  keep: (userId: string, keys: Keys) => Promise<unknown>,
): Promise<{ plain: Person[]; members: Person[] }> {
  const people: Person[] = [];
  for (let index = 0; index < 2 * users; index += 1) {
    const person = { owner: await makeOwner(source, index), keys: newUserKeys() };
    await keep(person.owner.userId, person.keys);
    people.push(person);
  }
  const members = people.slice(users);
  await makeProjects(
    source,
    members.map(({ owner }) => owner),
  );
  await source.query('ANALYZE TABLE user, account, domain, role, project, project_member, project_role');
  return { plain: people.slice(0, users), members };
}

/** Projects of which all these are members, each with a role that allows lists. */
async function makeProjects(source: DataSource, members: readonly Owner[]): Promise<void> {
  const [first] = members;
  invariant(first, 'There are no members.');
  const created_at = new Date();
  for (let index = 0; index < PROJECTS; index += 1) {
    const [id, roleId, holder] = [newId(), newId(), await makeOwner(source, 1_000_000 + index)];
    const named = { id, domain_id: first.domainId, name: `project-${index}`, display_text: 'p', created_at };
    await insertMany(source, 'project', [{ ...named, account_id: holder.accountId, state: 'Active' }]);
    await insertMany(source, 'project_role', [{ id: roleId, project_id: id, name: 'watcher', created_at }]);
    await insertMany(source, 'role_permission', [
      { id: newId(), role_id: roleId, rule: 'list*', permission: 'allow', sort_order: 0 },
    ]);
    const membership = { project_id: id, role: 'Regular', project_role_id: roleId, created_at };
    await insertMany(
      source,
      'project_member',
      members.map(({ accountId }) => ({ id: newId(), account_id: accountId, ...membership })),
    );
  }
}

interface Measured extends Ground {
  readonly source: DataSource;
  readonly pids: Readonly<Record<string, number>>;
  readonly kind: Kind;
  readonly calls: number;
}

async function measure({ invoker, source, pids, kind, calls }: Measured): Promise<CaseReport> {
  let allowed = 0;
  const ask = async (index: number): Promise<void> => {
    const caller = await kind.identify(index);
    const base: AnyCall = { face: 'cloudstack', sourceAddress: '192.0.2.1', setCookie: () => undefined, caller };
    if ((await invoker.authorise(listVirtualMachines, listVirtualMachines.name, base)).caller) allowed += 1;
  };
  for (let index = 0; index < Math.min(500, calls); index += 1) await ask(index);
  allowed = 0;
  const asked = await statementsOf(source);
  const before = usageOf(pids);
  for (let index = 0; index < calls; index += 1) await ask(index);
  const after = usageOf(pids);
  // The look itself is one.
  const statements = (await statementsOf(source)) - asked - 1;
  return {
    scenario: 'auth',
    title: `${calls} requests, ${kind.title}`,
    figures: [
      ...usageFigures({ before, after }, { count: calls, of: 'request', goal: GOAL }),
      { name: 'statements', value: statements / calls, unit: 'per request' },
    ],
    counts: { calls, allowed },
    notes: ['parsing of the parameters is counted, HTTP is not; the API’s part runs in the process of the bench'],
  };
}

async function statementsOf(source: DataSource): Promise<number> {
  const [row] = (await source.query("SHOW GLOBAL STATUS LIKE 'Questions'")) as { Value: string }[];
  return Number(row?.Value);
}

/**
 * Every command by every kind of caller gives what the table says (`authorisation-rules.ts`): refusals in the very words
 * of what does not exist, and without a trace in the database.
 */
import type { Command } from '@durastack/contracts/command';
import { loadCatalogue } from '@durastack/kit/catalogue/load-catalogue';
import { insertRow } from '@durastack/store/database/rows';
import { autocommit } from '@durastack/store/database/transaction';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sendAndCancel } from './attack.js';
import {
  CALLERS,
  CLASSES,
  OPEN_COMMANDS,
  RULES,
  rulesOf,
  type CallerName,
  type Verdict,
} from './authorisation-rules.js';
import { send, type HostileReply } from './call.js';
import { expectedOf, matrixCall, shapeOf, verdictOf, type MatrixCase } from './matrix-calls.js';
import { startMatrixWorld, type MatrixWorld } from './matrix-world.js';
import { Snapshot } from './snapshot.js';

const commands = [...(await loadCatalogue()).values()].sort((a, b) => (a.name < b.name ? -1 : 1));
const cases = commands.flatMap((command): MatrixCase[] => {
  const rules = rulesOf(command.name);
  return rules.length === 0 ? [{ command }] : rules.map((rule) => ({ command, rule }));
});
const titleOf = ({ command, rule }: MatrixCase): string =>
  [command.name, ...(rule?.by ? [`${rule.by[0]}=${rule.by[1]}`] : [])].join(' ');

/** Calls under way at once. */
const AT_ONCE = 8;
/** How soon an operation that was accepted is taken as that. */
const PATIENCE_MS = 100;

type Verdicts = Partial<Record<CallerName, Verdict>>;

let matrix: MatrixWorld;
let snapshot: Snapshot;
/** Calls write events, so that they are none of the snapshot's; commands that take them away need them again. */
let keptEvents: Record<string, unknown>[];
/** What the callers got who are to be refused. */
const refusals = new Map<MatrixCase, Verdicts>();

beforeAll(async () => {
  matrix = await startMatrixWorld();
  snapshot = await Snapshot.take(matrix.world.database);
  keptEvents = (await matrix.world.database.source.query('SELECT * FROM event')) as Record<string, unknown>[];
  // Refused calls leave events of the caller's own, which name what was asked for: events are listed first.
  const [events, others] = [cases.filter(isOfEvents), cases.filter((at) => !isOfEvents(at))];
  for (const part of [events, others]) await refuseAll(part);
}, 300_000);
afterAll(async () => {
  await snapshot.drop();
  await matrix.world.stop();
});

const isOfEvents = ({ command }: MatrixCase): boolean => command.name === 'listEvents';

async function refuseAll(part: readonly MatrixCase[]): Promise<void> {
  const waiting = part.flatMap((at) =>
    CALLERS.filter((caller) => expectedOf(at, caller) !== 'ok').map((caller) => ({ at, caller })),
  );
  const work = async (): Promise<void> => {
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      const { at, caller } = next;
      const verdict = await ask(at, caller, (call) => send(call, matrix.world));
      refusals.set(at, { ...refusals.get(at), [caller]: verdict });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

type Send = (call: Parameters<typeof send>[0]) => Promise<HostileReply>;

/** What a caller gets. Only those with good credentials can be told of what does not exist. */
async function ask(at: MatrixCase, caller: CallerName, sendOne: Send): Promise<Verdict> {
  const absent = matrixCall(matrix, at, caller, false);
  const compares = at.rule?.by !== undefined && expectedOf(at, caller) !== '401';
  const missing = compares ? shapeOf(await sendOne(absent.call), absent.texts) : undefined;
  const { call, texts } = matrixCall(matrix, at, caller, true);
  return verdictOf(await sendOne(call), texts, missing);
}

describe('the table', () => {
  it('has a row for every command, and none for others', () => {
    const named = new Set([...OPEN_COMMANDS, ...RULES.flatMap(({ commands: names }) => names.split(/\s+/))]);
    expect([...named].sort()).toEqual(commands.map(({ name }) => name));
  });

  it('is what listApis tells each caller', async () => {
    const callers = ['other', 'beside', 'root'] as const;
    const [listApis] = cases.filter(({ command }) => command.name === 'listApis');
    for (const caller of callers) {
      const { text } = await send(matrixCall(matrix, listApis!, caller, true).call, matrix.world);
      const reply = (JSON.parse(text) as { listapisresponse: { api: { name: string }[] } }).listapisresponse;
      const mayCall = (name: string): boolean => rulesOf(name).every((rule) => CLASSES[rule.class][caller] !== '432');
      const expected = commands.map(({ name }) => name).filter(mayCall);
      expect(reply.api.map(({ name }) => name).sort(), caller).toEqual(expected);
    }
  });
});

describe('whoever is refused', () => {
  it.each(cases.map((at) => [titleOf(at), at] as const))('%s', (_title, at) => {
    const expected = CALLERS.map((caller) => [caller, expectedOf(at, caller)] as const).filter(([, is]) => is !== 'ok');
    expect(refusals.get(at) ?? {}).toEqual(Object.fromEntries(expected));
  });

  it('changes nothing', async () => {
    expect(await snapshot.changed()).toEqual([]);
  });
});

async function putBackEvents(): Promise<void> {
  const { source } = matrix.world.database;
  await source.query('DELETE FROM event');
  for (const row of keptEvents) await insertRow(autocommit(source), 'event', row);
}

const changes = ({ isList, readOnly }: Command): boolean => !isList && !readOnly;

describe('whoever may', () => {
  it.each(cases.map((at) => [titleOf(at), at] as const))('%s', async (_title, at) => {
    const sendOne: Send = async (call) => {
      const reply = await sendAndCancel(call, matrix.world, PATIENCE_MS);
      if (changes(at.command)) await snapshot.restore();
      if (at.command.name.endsWith('Events')) await putBackEvents();
      return reply;
    };
    const verdicts: Verdicts = {};
    for (const caller of CALLERS.filter((name) => expectedOf(at, name) === 'ok'))
      verdicts[caller] = await ask(at, caller, sendOne);
    expect(verdicts).toEqual(Object.fromEntries(Object.keys(verdicts).map((caller) => [caller, 'ok'])));
  });
});

/** What a caller may not get to see anywhere; members of a project see who else is in it. */
function hiddenFrom(caller: CallerName): string[] {
  const { project: _seen, invitation: _too, account, user, ...own } = matrix.own;
  if (caller === 'member') return Object.values(own);
  return [...Object.values({ ...matrix.own, account, user }), ...Object.values(matrix.shared)].map(String);
}

describe('whoever asks for everything', () => {
  const lists = commands.filter(({ isList }) => isList);

  it.each(['other', 'same', 'beside', 'member'] as const)('%s sees nothing of the owner', async (caller) => {
    // Refused calls have left events of the caller's own.
    await matrix.world.database.source.query('DELETE FROM event');
    for (const command of lists) {
      const { call } = matrixCall(matrix, { command }, caller, true);
      for (const wide of [[], [['projectid', '-1']]] as const) {
        const everything = [['listall', 'true'], ['isrecursive', 'true'], ...wide] as const;
        const reply = await send({ ...call, query: [...call.query, ...everything] }, matrix.world);
        // A refusal repeats what was asked for.
        if (reply.status !== 200) continue;
        const seen = hiddenFrom(caller).filter((id) => reply.text.includes(id));
        expect(seen, `${command.name} ${reply.text.slice(0, 500)}`).toEqual([]);
      }
    }
  });
});

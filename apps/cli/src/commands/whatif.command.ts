/** `dura whatif host-down|maintenance|drs NAME`: what would happen, without doing it. */
import { DurastackError } from '@durastack/contracts/errors';
import { loadAdminAccess } from '../api/admin-access.js';
import { ApiClient } from '../api/api-client.js';
import { describeHome, homeDirectory } from '../instance/home.js';
import { parseWords } from './arguments.js';
import {
  describeDrs,
  describeFailure,
  describeMaintenance,
  type DrsPlan,
  type FailurePlan,
  type MaintenancePlan,
} from './whatif-answers.js';

/** What is told of an answer. */
interface Told {
  readonly answer: unknown;
  readonly lines: readonly string[];
  /** Whether all would go well. */
  readonly fine: boolean;
}

const QUESTIONS: Readonly<Record<string, (api: ApiClient, name: string) => Promise<Told>>> = {
  'host-down': async (api, name) => {
    const plan = await ask<FailurePlan>(api, 'getHostFailurePlan', await idOf(api, 'host', name));
    return { answer: plan, lines: describeFailure(plan), fine: plan.possible && plan.haobstacle === undefined };
  },
  maintenance: async (api, name) => {
    const plan = await ask<MaintenancePlan>(api, 'getHostMaintenancePlan', await idOf(api, 'host', name));
    return { answer: plan, lines: describeMaintenance(plan), fine: plan.possible };
  },
  drs: async (api, name) => {
    const plan = await ask<DrsPlan>(api, 'generateClusterDrsPlan', await idOf(api, 'cluster', name));
    return { answer: plan, lines: describeDrs(name, plan), fine: true };
  },
};
const FOUND_TROUBLE = 3;

/** Asks. @returns 0 when all would go well, 3 when a machine would be left without a host */
export async function whatifCommand(words: readonly string[]): Promise<number> {
  const { values, positionals } = parseWords('whatif', words, { json: { type: 'boolean' } });
  const { answer, lines, fine } = await whatIf(
    new ApiClient(loadAdminAccess(describeHome(homeDirectory()))),
    positionals,
  );
  process.stdout.write(`${values.json ? JSON.stringify(answer, null, 2) : lines.join('\n')}\n`);
  return fine ? 0 : FOUND_TROUBLE;
}

/**
 * Answers one question, e.g. `host-down node-1`.
 *
 * @throws INVALID_INPUT for another question; NOT_FOUND when nothing, or more than one thing, has that name or id
 */
export async function whatIf(api: ApiClient, [question = '', name, ...more]: readonly string[]): Promise<Told> {
  const answer = Object.hasOwn(QUESTIONS, question) ? QUESTIONS[question] : undefined;
  if (!answer || name === undefined || more.length > 0) {
    const known = Object.keys(QUESTIONS).join(', ');
    throw new DurastackError('INVALID_INPUT', `dura whatif: say what (${known}) and of which one, by name or id.`);
  }
  return answer(api, name);
}

async function ask<T>(api: ApiClient, command: string, id: string): Promise<T> {
  const reply = await api.call(command, { id });
  return Object.values(reply).find((value) => typeof value === 'object') as T;
}

const LISTS = {
  host: { command: 'listHosts', params: { type: 'Routing' } },
  cluster: { command: 'listClusters', params: {} },
} as const;

async function idOf(api: ApiClient, kind: keyof typeof LISTS, nameOrId: string): Promise<string> {
  const { command, params } = LISTS[kind];
  const rows = ((await api.call(command, params))[kind] ?? []) as { id: string; name: string }[];
  const found = rows.filter(({ id, name }) => id === nameOrId || name === nameOrId);
  if (found.length === 1 && found[0]) return found[0].id;
  const names = rows.map(({ id, name }) => `${name} (${id})`).join(', ');
  throw new DurastackError('NOT_FOUND', `There is no one ${kind} "${nameOrId}"; there are: ${names || 'none'}.`);
}

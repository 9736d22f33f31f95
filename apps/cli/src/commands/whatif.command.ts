/** `dura whatif host-down|maintenance|drs NAME`: what would happen, without doing it. */
import { DurastackError } from '@durastack/contracts/errors';
import { loadAdminAccess } from '../api/admin-access.js';
import { ApiClient } from '../api/api-client.js';
import { describeHome, homeDirectory } from '../instance/home.js';
import { parseWords } from './arguments.js';

/** A machine of a plan, in CloudStack's spelling. */
interface PlannedMachine {
  readonly name: string;
  readonly destinationname?: string;
  readonly obstacle?: string;
}

/** As `getHostFailurePlan` answers it. */
export interface FailurePlan {
  readonly name: string;
  readonly possible: boolean;
  readonly haobstacle?: string;
  readonly machines: readonly (PlannedMachine & { readonly hapriority: number; readonly restarts: boolean })[];
}

/** As `getHostMaintenancePlan` answers it. */
export interface MaintenancePlan {
  readonly name: string;
  readonly possible: boolean;
  readonly machines: readonly (PlannedMachine & { readonly way: string })[];
}

/** As `generateClusterDrsPlan` answers it. */
export interface DrsPlan {
  readonly id: string;
  readonly algorithm: string;
  readonly metric: string;
  readonly threshold: number;
  readonly imbalancebefore: number;
  readonly imbalanceafter: number;
  readonly reason?: string;
  readonly migrations: readonly {
    readonly virtualmachinename?: string;
    readonly virtualmachineid: string;
    readonly sourcehostname?: string;
    readonly destinationhostname?: string;
    readonly memorytocopy: number;
    readonly expectedseconds: number;
    readonly imbalancebefore: number;
    readonly imbalanceafter: number;
  }[];
}

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

const count = (items: readonly unknown[], what: string) => `${items.length} ${what}${items.length === 1 ? '' : 's'}`;
const goes = ({ name, destinationname }: PlannedMachine) => `  ${name} → ${destinationname}`;
const stays = ({ name, obstacle }: PlannedMachine) => `  ${name}: ${obstacle}`;

function section<T>(title: string, items: readonly T[], line: (item: T) => string): string[] {
  return items.length === 0 ? [] : [title, ...items.map(line)];
}

/** What happens when a host is lost. */
export function describeFailure({ name, machines, haobstacle }: FailurePlan): string[] {
  const restarted = machines.filter(({ restarts, destinationname }) => restarts && destinationname !== undefined);
  const left = machines.filter(({ restarts, destinationname }) => restarts && destinationname === undefined);
  const others = machines.filter(({ restarts }) => !restarts);
  if (machines.length === 0) return [`If ${name} were lost now, nothing would be missing: it has no machines.`];
  const withPriority = (machine: FailurePlan['machines'][number]) => `${goes(machine)}, priority ${machine.hapriority}`;
  return [
    `If ${name} were lost now, with ${count(machines, 'machine')}:`,
    ...(haobstacle === undefined ? [] : [`nothing is restarted without a person: ${haobstacle}. With HA:`]),
    ...section(`${count(restarted, 'machine')} would be restarted, in this order:`, restarted, withPriority),
    ...section(`${count(left, 'machine')} would find no room:`, left, stays),
    ...section(`${count(others, 'machine')} would wait for the host:`, others, stays),
  ];
}

/** What happens when a host is prepared for maintenance. */
export function describeMaintenance({ name, machines }: MaintenancePlan): string[] {
  const moved = machines.filter(({ destinationname }) => destinationname !== undefined);
  const stuck = machines.filter(({ obstacle }) => obstacle !== undefined);
  const others = machines.filter(
    ({ destinationname, obstacle }) => destinationname === undefined && obstacle === undefined,
  );
  if (machines.length === 0) return [`If ${name} were prepared for maintenance now: it has no machines.`];
  return [
    `If ${name} were prepared for maintenance now, with ${count(machines, 'machine')}:`,
    ...section(`${count(moved, 'machine')} would move, in this order:`, moved, goes),
    ...section(`${count(others, 'machine')} would be stopped:`, others, (machine) => `  ${machine.name}`),
    ...section(`${count(stuck, 'machine')} could not leave, so nothing would move:`, stuck, stays),
  ];
}

/** Why nothing would move, by the words of the API. */
const IDLE: Readonly<Record<string, string>> = {
  'within-threshold': 'the cluster is as its settings (drs.algorithm, drs.imbalance) want it',
  'nothing-may-move': 'no machine may move: they are busy, do not run, or have a disk on storage of their host',
  'no-move-helps': 'no move that the rules allow would improve it',
};

/** What happens when a cluster is balanced. */
export function describeDrs(cluster: string, plan: DrsPlan): string[] {
  const { algorithm, metric, threshold, imbalancebefore, imbalanceafter, migrations, reason, id } = plan;
  const change = (before: number, after: number) => `${before.toFixed(3)} → ${after.toFixed(3)}`;
  return [
    `If ${cluster} were balanced now (${algorithm}, by ${metric}): imbalance ${change(imbalancebefore, imbalanceafter)}, wanted: at ${algorithm === 'balanced' ? 'most' : 'least'} ${threshold.toFixed(3)}.`,
    ...(migrations.length === 0
      ? [`Nothing would move${reason === undefined ? '' : `: ${IDLE[reason] ?? reason}`}.`]
      : []),
    ...section(`${count(migrations, 'machine')} would move, in this order:`, migrations, (move) =>
      [
        `  ${move.virtualmachinename ?? move.virtualmachineid}: ${move.sourcehostname} → ${move.destinationhostname}`,
        `${move.memorytocopy} MiB to copy`,
        `about ${move.expectedseconds} s`,
        `imbalance ${change(move.imbalancebefore, move.imbalanceafter)}`,
      ].join(', '),
    ),
    ...(migrations.length === 0
      ? []
      : [
          `In all ${migrations.reduce((sum, { memorytocopy }) => sum + memorytocopy, 0)} MiB would be copied.`,
          `The plan is kept as ${id}; executeClusterDrsPlan carries out a plan.`,
        ]),
  ];
}

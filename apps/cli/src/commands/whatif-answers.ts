/** Answers to `dura whatif`, in words. */

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

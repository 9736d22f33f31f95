/** `dura status [--json]`: where things are and how they do. */
import {
  readDatabaseFacts,
  type HostFact,
  type OperationCounts,
  type RecoveryFact,
  type WaitingFact,
} from '../instance/database-facts.js';
import { describeHome, homeDirectory, homeExists } from '../instance/home.js';
import { InstanceFile, PART_NAMES, type PartName } from '../instance/instance-file.js';
import { isRunning, residentMib } from '../instance/processes.js';
import { instanceUrls } from '../parts/node-apps.js';
import { parseWords } from './arguments.js';

/** A process of the instance, running or not. */
interface ProcessStatus {
  readonly name: PartName;
  readonly pid: number | null;
  readonly state: 'running' | 'stopped';
  readonly rssMib: number | null;
}

/** What `--json` prints. Members that cannot be told (the database is down) are null. */
interface InstanceStatus {
  readonly urls: Readonly<Record<string, string>>;
  readonly processes: readonly ProcessStatus[];
  readonly hosts: readonly HostFact[] | null;
  readonly operations: OperationCounts | null;
  /** Absent when nothing waits. */
  readonly waiting?: WaitingFact;
  readonly recovery: RecoveryFact | null;
}

/** Prints it. @returns 0 when everything runs, 3 when not */
export async function statusCommand(words: readonly string[]): Promise<number> {
  const { values } = parseWords('status', words, { json: { type: 'boolean' } });
  const directory = homeDirectory();
  const status = await readStatus(directory);
  if (values.json) process.stdout.write(`${JSON.stringify(status, null, 2)}\n`);
  else process.stdout.write(`${render(status, directory).join('\n')}\n`);
  return status.processes.every((part) => part.state === 'running') ? 0 : 3;
}

async function readStatus(directory: string): Promise<InstanceStatus> {
  if (!homeExists(directory)) {
    return {
      urls: {},
      processes: PART_NAMES.map((name) => stopped(name)),
      hosts: null,
      operations: null,
      recovery: null,
    };
  }
  const home = describeHome(directory);
  const file = InstanceFile.open(home);
  const processes = file.parts.map((name): ProcessStatus => {
    const record = file.process(name);
    if (!isRunning(record)) return stopped(name);
    return { name, pid: record.pid, state: 'running', rssMib: residentMib(record.pid) };
  });
  const facts = await readDatabaseFacts(home.mariadb);
  const hasUrls = file.state.ports.api !== undefined && file.state.ports.temporalUi !== undefined;
  return {
    urls: hasUrls ? { ...instanceUrls(file) } : {},
    processes,
    hosts: facts?.hosts ?? null,
    operations: facts?.operations ?? null,
    ...(facts?.waiting ? { waiting: facts.waiting } : {}),
    recovery: facts?.recovery ?? null,
  };
}

function stopped(name: PartName): ProcessStatus {
  return { name, pid: null, state: 'stopped', rssMib: null };
}

function render(status: InstanceStatus, directory: string): string[] {
  const processes = status.processes.map((p) =>
    `  ${p.name.padEnd(9)} ${p.state.padEnd(8)} ${p.pid === null ? '' : `pid ${p.pid}, ${p.rssMib} MiB`}`.trimEnd(),
  );
  const hosts = (status.hosts ?? []).map((h) => `  ${h.name} ${h.state}${h.accelerator ? ` (${h.accelerator})` : ''}`);
  const { operations } = status;
  return [
    `Instance in ${directory}`,
    ...Object.entries(status.urls).map(([name, url]) => `  ${name.padEnd(11)} ${url}`),
    'Processes',
    ...processes,
    status.hosts === null ? 'Hosts: not known, the database is down' : `Hosts: ${hosts.length}`,
    ...hosts,
    operations === null
      ? 'Operations: not known, the database is down'
      : `Operations: ${operations.running} running, ${operations.queued} queued, ${operations.needsAttention} need attention`,
    ...(status.waiting ? [renderWaiting(status.waiting)] : []),
    ...renderRecovery(status.recovery),
  ];
}

function renderWaiting({ operationId, summary, seconds, behind }: WaitingFact): string {
  const what = behind === null ? 'has its turn, and waits for a free slot or a worker' : `waits for ${behind}`;
  return `  oldest waiting: ${summary} (${operationId}), ${seconds} s: ${what}`;
}

function renderRecovery(recovery: RecoveryFact | null): string[] {
  if (recovery === null) return [];
  const { active, awaitedHosts, findings } = recovery;
  return [
    ...(active
      ? [`Recovery after a restore: nothing is started or removed; waits for ${awaitedHosts} hosts (dura recover)`]
      : []),
    ...(findings > 0 ? [`Recovery left ${findings} things to a person: dura api getRecovery`] : []),
  ];
}

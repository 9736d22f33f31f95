/** A lab for the bench: the one that is there, which it leaves as it was, or one of its own. */
import { mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadAdminAccess } from '@durastack/cli/api/admin-access';
import { ApiClient, type ApiAccess } from '@durastack/cli/api/api-client';
import { tryLock } from '@durastack/cli/instance/file-lock';
import { describeHome } from '@durastack/cli/instance/home';
import { initPid } from '@durastack/cli/lab/host/power';
import { Lab, labDirectory } from '@durastack/cli/lab/lab-file';
import { DurastackError } from '@durastack/contracts/errors';
import { dura, LabFixture } from '../lab/use-lab.js';
import { onInterruption } from '../support/interruption.js';

/** See the module's head. */
export interface LabBed {
  readonly fixture: LabFixture;
  readonly api: ApiClient;
  readonly access: ApiAccess;
  /** Processes whose CPU is counted, by name. */
  readonly pids: Readonly<Record<string, number>>;
  end(): Promise<void>;
}

/** What a lab has to be. */
export interface LabWishes {
  /** If it is made. */
  readonly hosts: number;
  /** Settings of API and worker by their names in a file; only of a lab that is made. */
  readonly settings?: Readonly<Record<string, unknown>>;
}

/**
 * Takes the lab in `DURASTACK_HOME` (or where `dura lab` has its own), or makes one there.
 *
 * @throws DurastackError CONFLICT when somebody uses it, or when it has settings of its own
 */
export async function takeLab({ hosts, settings }: LabWishes): Promise<LabBed> {
  const directory = labDirectory();
  const home = describeHome(directory);
  const turn = await tryLock(`${directory}.turn`);
  if (turn === undefined)
    throw new DurastackError('CONFLICT', `Somebody else is at work with the lab in ${directory}.`);
  const isOwn = Lab.open(home) === undefined;
  const end = async (): Promise<void> => {
    forget();
    if (isOwn) await dura(directory, ['lab', 'down']);
    turn.release();
  };
  const forget = onInterruption(end);
  if (!isOwn && settings !== undefined) {
    forget();
    turn.release();
    throw new DurastackError('CONFLICT', `The lab in ${directory} has settings already; end it with "dura lab down".`);
  }
  try {
    if (settings !== undefined) writeSettings(directory, settings);
    await dura(directory, ['lab', 'up', ...(isOwn ? ['--hosts', String(hosts)] : [])]);
    const fixture = await LabFixture.open(directory, turn);
    // It looks at all processes ten times a second, which would be measured too.
    fixture.witness.stop();
    const access = loadAdminAccess(home);
    const pids = { ...(await controlPlanePids(directory)), ...agentPids(fixture.lab) };
    return { fixture, api: new ApiClient(access), access, pids, end };
  } catch (error) {
    await end();
    throw error;
  }
}

function writeSettings(directory: string, settings: Readonly<Record<string, unknown>>): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  // JSON is YAML.
  for (const program of ['api', 'worker'])
    writeFileSync(join(directory, `${program}.yaml`), JSON.stringify(settings), { mode: 0o600 });
}

async function controlPlanePids(directory: string): Promise<Record<string, number>> {
  const { processes } = JSON.parse(await dura(directory, ['status', '--json'])) as {
    processes: { name: string; pid: number }[];
  };
  return Object.fromEntries(processes.map(({ name, pid }) => [name, pid]));
}

/** Agents are found by their program and by the mount namespace of their host. */
function agentPids(lab: Lab): Record<string, number> {
  const found: Record<string, number> = {};
  for (const { plan, directory } of lab.hosts) {
    const init = initPid(directory);
    if (init === undefined) throw new DurastackError('ENVIRONMENT', `${plan.name} is off; "dura lab heal" it first.`);
    const pid = processes().find((one) => isAgent(one) && namespaceOf(one) === namespaceOf(init));
    if (pid !== undefined) found[`agent of ${plan.name}`] = pid;
  }
  return found;
}

const processes = (): number[] => readdirSync('/proc').map(Number).filter(Number.isInteger);
const isAgent = (pid: number): boolean => readOr(`/proc/${pid}/cmdline`, readFileSync).includes('agent.mjs');
const namespaceOf = (pid: number): string => readOr(`/proc/${pid}/ns/mnt`, readlinkSync);

/** Of a process that may have ended meanwhile. */
function readOr(path: string, read: (path: string, encoding: 'utf8') => string): string {
  try {
    return read(path, 'utf8');
  } catch {
    return '';
  }
}

/** `dura sim`: the cloud of `dura up` with simulated hosts in place of this machine. */
import { existsSync } from 'node:fs';
import { DurastackError } from '@durastack/contracts/errors';
import { parseEstateSize } from '@durastack/store/estate/estate-size';
import { bringUp } from '../first-cloud/bring-up.js';
import { homeDirectory, prepareHome, SIMULATOR_HOME, type Home } from '../instance/home.js';
import { InstanceFile, SIMULATOR_PROFILES, type SimulatorProfile } from '../instance/instance-file.js';
import { withHomeLock } from '../instance/with-lock.js';
import { parseWords } from './arguments.js';
import { START_OPTIONS, startWishes } from './start-wishes.js';

const DEFAULT_HOSTS = 3;
/** One agent process serves them all. */
const MOST_HOSTS = 2_000;

/** Starts what is not running and makes what is missing. @returns exit code */
export async function simCommand(words: readonly string[]): Promise<number> {
  const own = { hosts: { type: 'string' }, profile: { type: 'string' }, populate: { type: 'string' } } as const;
  const { values } = parseWords('sim', words, { ...START_OPTIONS, ...own });
  const estate = values.populate === undefined ? undefined : parseEstateSize(values.populate);
  const start = startWishes(values);
  const home = prepareHome(homeDirectory(process.env, SIMULATOR_HOME));
  return withHomeLock(home, () => {
    const simulator = simulatorOf(home, values);
    // Suites expect to find only what they know.
    const withVm = values['no-vm'] !== true && simulator.profile === 'plain';
    return bringUp(home, { start, withVm, simulator, ...(estate ? { estate } : {}) });
  });
}

function simulatorOf(
  home: Home,
  wished: { hosts?: string; profile?: string },
): { hosts: number; profile: SimulatorProfile } {
  const { kind, simulator: known } = InstanceFile.open(home).state;
  if (kind !== 'simulator' && existsSync(home.instanceFile)) {
    const message = `${home.root} holds no simulated hosts; set DURASTACK_HOME to another directory.`;
    throw new DurastackError('CONFLICT', message);
  }
  const hosts = Number(wished.hosts ?? known?.hosts ?? DEFAULT_HOSTS);
  if (!Number.isInteger(hosts) || hosts < 1 || hosts > MOST_HOSTS) {
    throw new DurastackError('INVALID_INPUT', `--hosts is ${wished.hosts}; give 1 to ${MOST_HOSTS}.`);
  }
  if (known !== undefined && hosts < known.hosts) {
    const message = `There are ${known.hosts} hosts; for fewer, remove the cloud first (dura sim destroy).`;
    throw new DurastackError('CONFLICT', message);
  }
  const profile = wished.profile ?? known?.profile ?? 'plain';
  if (!SIMULATOR_PROFILES.includes(profile as SimulatorProfile)) {
    const message = `--profile is ${profile}; choose of ${SIMULATOR_PROFILES.join(', ')}.`;
    throw new DurastackError('INVALID_INPUT', message);
  }
  if (known !== undefined && profile !== known.profile) {
    const message = `The cloud has the profile ${known.profile}; remove it first (dura sim destroy).`;
    throw new DurastackError('CONFLICT', message);
  }
  return { hosts, profile: profile as SimulatorProfile };
}

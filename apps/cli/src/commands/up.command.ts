/** `dura up`: a cloud with this machine as its host. */
import { DurastackError } from '@durastack/contracts/errors';
import { bringUp } from '../first-cloud/bring-up.js';
import { homeDirectory, prepareHome } from '../instance/home.js';
import { InstanceFile } from '../instance/instance-file.js';
import { withHomeLock } from '../instance/with-lock.js';
import { parseWords } from './arguments.js';
import { START_OPTIONS, startWishes } from './start-wishes.js';

/** What starts the other kinds of instances. */
const STARTED_BY = { lab: ['a lab', 'dura lab up'], simulator: ['simulated hosts', 'dura sim'] } as const;

/** Starts what is not running and makes what is missing. @returns exit code */
export async function upCommand(words: readonly string[]): Promise<number> {
  const { values } = parseWords('up', words, START_OPTIONS);
  const start = startWishes(values);
  const home = prepareHome(homeDirectory());
  return withHomeLock(home, async () => {
    const { kind } = InstanceFile.open(home).state;
    if (kind === 'machine') return bringUp(home, { start, withVm: values['no-vm'] !== true });
    const [what, command] = STARTED_BY[kind];
    throw new DurastackError('INVALID_INPUT', `${home.root} holds ${what}; "${command}" starts it.`);
  });
}

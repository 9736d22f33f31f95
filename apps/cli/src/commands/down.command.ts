/** `dura down`: stops the instance's processes; machines keep running. */
import { describeHome, homeDirectory, homeExists } from '../instance/home.js';
import { InstanceFile, PART_NAMES } from '../instance/instance-file.js';
import { stopParts } from '../instance/stop.js';
import { withHomeLock } from '../instance/with-lock.js';
import { parseWords } from './arguments.js';

/** Stops them. @returns exit code */
export async function downCommand(words: readonly string[]): Promise<number> {
  parseWords('down', words, {});
  const directory = homeDirectory();
  if (!homeExists(directory)) {
    process.stdout.write(`There is no instance in ${directory}; nothing to stop.\n`);
    return 0;
  }
  const home = describeHome(directory);
  const stopped = await withHomeLock(home, () => stopParts(InstanceFile.open(home), PART_NAMES));
  const what = stopped.length === 0 ? 'Nothing was running.' : `Stopped: ${stopped.join(', ')}.`;
  process.stdout.write(`${what} Machines keep running; "dura up" takes them over again.\n`);
  return 0;
}

/** `dura destroy [--yes]`: removes everything that the instance made, and nothing else. */
import { createInterface } from 'node:readline/promises';
import { DurastackError, isDurastackError } from '@durastack/contracts/errors';
import { describeHome, homeDirectory, homeExists, removeHome, type Home } from '../instance/home.js';
import { InstanceFile, PART_NAMES } from '../instance/instance-file.js';
import { endMachines, removeNetworks } from '../instance/remains.js';
import { removeOutsideFiles } from '../instance/outside-files.js';
import { stopParts } from '../instance/stop.js';
import { withHomeLock } from '../instance/with-lock.js';
import { Steps } from '../system/steps.js';
import { parseWords } from './arguments.js';

/** Asks, then removes. @returns exit code */
export async function destroyCommand(words: readonly string[]): Promise<number> {
  const { values } = parseWords('destroy', words, { yes: { type: 'boolean', short: 'y' } });
  const directory = homeDirectory();
  if (!homeExists(directory)) {
    process.stdout.write(`There is no instance in ${directory}; nothing to remove.\n`);
    return 0;
  }
  const home = describeHome(directory);
  if (InstanceFile.open(home).state.kind === 'lab') {
    throw new DurastackError('INVALID_INPUT', `${directory} holds a lab; "dura lab down" removes it with its hosts.`);
  }
  if (!values.yes && !(await confirmed(home))) {
    process.stdout.write('Nothing was removed.\n');
    return 1;
  }
  await withHomeLock(home, () => destroy(home));
  return 0;
}

async function destroy(home: Home): Promise<void> {
  const steps = new Steps();
  await steps.run('Processes', async (note) => {
    const stopped = await stopParts(InstanceFile.open(home), PART_NAMES);
    note(stopped.length === 0 ? 'none ran' : `${stopped.join(', ')} stopped`);
  });
  await steps.run('Virtual machines', async (note) => note(`${await endMachines(home)} ended`));
  await steps.run('Disks outside the directory', async (note) => note(await outsideFiles(home)));
  await steps.run('Networks', async (note) => {
    const devices = await removeNetworks(home);
    note(devices.length === 0 ? 'none' : `${devices.join(', ')} removed`);
  });
  await steps.run(`Directory ${home.root}`, async (note) => {
    removeHome(home);
    note('removed');
  });
}

/** A database that cannot be started must not keep the rest from being removed. */
async function outsideFiles(home: Home): Promise<string> {
  try {
    return `${await removeOutsideFiles(home)} removed`;
  } catch (error) {
    if (!isDurastackError(error)) throw error;
    return `not looked for: ${error.message}`;
  }
}

async function confirmed(home: Home): Promise<boolean> {
  if (!process.stdin.isTTY) {
    throw new DurastackError('INVALID_INPUT', 'There is nobody to ask; confirm with "dura destroy --yes".');
  }
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    const question = `Remove all machines, disks and data of the instance in ${home.root}? Type "yes": `;
    return (await terminal.question(question)).trim() === 'yes';
  } finally {
    terminal.close();
  }
}

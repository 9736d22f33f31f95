/** `dura doctor [--fix] [--json]`: whether database, Temporal and hosts agree, also when API and worker are dead. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DurastackError } from '@durastack/contracts/errors';
import { CHECKOUT, describeHome, homeDirectory, homeExists } from '../instance/home.js';
import { InstanceFile } from '../instance/instance-file.js';
import { mariadbAnswers } from '../parts/mariadb.js';
import { agentPlaces, inheritedEnvironment, settingsOf } from '../parts/node-apps.js';
import { run } from '../system/run.js';
import { parseWords } from './arguments.js';

const PROGRAM = join(CHECKOUT, 'apps/worker/dist/doctor-main.js');
/** Thousands of hosts, each given its time. */
const TIMEOUT_MS = 30 * 60_000;
const DATABASE_TIMEOUT_MS = 5_000;
const COULD_NOT_CHECK = 2;

/** Looks. @returns 0 all agree, 1 findings remain, 2 a part could not be looked at */
export async function doctorCommand(words: readonly string[]): Promise<number> {
  const { values } = parseWords('doctor', words, { fix: { type: 'boolean' }, json: { type: 'boolean' } });
  const directory = homeDirectory();
  if (!homeExists(directory)) return cannot(`there is no instance in ${directory}; start one with "dura up"`);
  const home = describeHome(directory);
  if (!existsSync(home.dataKeyFile)) return cannot(`the instance in ${directory} was never started`);
  if (!(await answersInTime(home.mariadb)))
    return cannot('the database does not answer; "dura up" starts what is stopped');
  const file = InstanceFile.open(home);
  const flags = [...(values.fix ? ['--fix'] : []), ...(values.json ? ['--json'] : [])];
  const { code } = await run(process.execPath, [PROGRAM, ...flags], {
    cwd: home.root,
    env: { ...inheritedEnvironment(), NODE_ENV: 'production', ...settingsOf('worker', file, agentPlaces(home, '')) },
    inherit: true,
    timeoutMs: TIMEOUT_MS,
  });
  if (code > COULD_NOT_CHECK) throw new DurastackError('ENVIRONMENT', `The doctor ended with code ${code}.`);
  return code;
}

/** A database that hangs takes the connection and says nothing. */
function answersInTime(directory: string): Promise<boolean> {
  return Promise.race([mariadbAnswers(directory), sleep(DATABASE_TIMEOUT_MS, false, { ref: false })]);
}

function cannot(why: string): number {
  process.stderr.write(`dura doctor: could not check: ${why}.\n`);
  return COULD_NOT_CHECK;
}

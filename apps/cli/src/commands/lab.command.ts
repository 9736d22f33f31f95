/** `dura lab …`: several real hypervisor hosts on this machine, and faults for them. */
import { DurastackError } from '@durastack/contracts/errors';
import { describeHome, homeExists, prepareHome } from '../instance/home.js';
import { withHomeLock } from '../instance/with-lock.js';
import { execInHost } from '../lab/exec.js';
import { labDown } from '../lab/down.js';
import { healHost, injectFault } from '../lab/faults.js';
import { FAULTS } from '../lab/host/fault-file.js';
import { Lab, labDirectory, type LabHost } from '../lab/lab-file.js';
import { readLabStatus, renderLabStatus } from '../lab/status.js';
import { labUp } from '../lab/up.js';
import { Steps } from '../system/steps.js';
import { parseWords } from './arguments.js';

type SubCommand = (words: readonly string[]) => Promise<number>;

const SUB_COMMANDS: Readonly<Record<string, SubCommand>> = { up, down, status, kill, heal, exec };

/** Runs the sub-command that the first word names. @returns exit code */
export async function labCommand(words: readonly string[]): Promise<number> {
  const [name = 'status', ...rest] = words;
  const command = Object.hasOwn(SUB_COMMANDS, name) ? SUB_COMMANDS[name] : undefined;
  if (command === undefined) {
    const known = Object.keys(SUB_COMMANDS).join(', ');
    throw new DurastackError('INVALID_INPUT', `dura lab: there is no "${name}"; there are ${known}.`);
  }
  return command(rest);
}

async function up(words: readonly string[]): Promise<number> {
  const { values } = parseWords('lab up', words, {
    hosts: { type: 'string' },
    ceph: { type: 'boolean' },
    fuse: { type: 'boolean' },
  });
  const home = prepareHome(labDirectory());
  const steps = new Steps();
  const wishes = {
    ...(values.hosts === undefined ? {} : { hosts: parseCount(values.hosts) }),
    ceph: values.ceph === true,
    fuse: values.fuse === true,
  };
  const lab = await withHomeLock(home, () => labUp(home, wishes, steps)).catch((error: unknown) => {
    steps.line('What was started is left as it is; repeat "dura lab up", or remove it with "dura lab down".');
    throw error;
  });
  for (const line of [
    '',
    `Lab up in ${steps.seconds.toFixed(1)} s.`,
    '',
    ...renderLabStatus(await readLabStatus(lab)),
    '',
    `Its commands:  export DURASTACK_HOME=${home.root}`,
    '  ./dura status    ./dura api listHosts    ./dura doctor',
    '  ./dura lab status    ./dura lab exec host-1 -- virsh list    ./dura lab down',
    '',
  ]) {
    steps.line(line);
  }
  return 0;
}

function parseCount(text: string): number {
  if (/^\d{1,4}$/.test(text)) return Number(text);
  throw new DurastackError('INVALID_INPUT', `--hosts is "${text}"; give a number.`);
}

async function down(words: readonly string[]): Promise<number> {
  parseWords('lab down', words, {});
  const directory = labDirectory();
  if (!homeExists(directory) && Lab.open(describeHome(directory)) === undefined) {
    process.stdout.write(`There is no lab in ${directory}; nothing to stop.\n`);
    return 0;
  }
  const home = describeHome(directory);
  const steps = new Steps();
  await withHomeLock(home, () => labDown(home, steps));
  steps.line(`Lab down in ${steps.seconds.toFixed(1)} s.`);
  return 0;
}

async function status(words: readonly string[]): Promise<number> {
  const { values } = parseWords('lab status', words, { json: { type: 'boolean' } });
  const lab = await readLabStatus(Lab.require());
  process.stdout.write(values.json ? `${JSON.stringify(lab, null, 2)}\n` : `${renderLabStatus(lab).join('\n')}\n`);
  return 0;
}

async function kill(words: readonly string[]): Promise<number> {
  const flags = Object.fromEntries(FAULTS.map((fault) => [fault, { type: 'boolean' }] as const));
  const { values, positionals } = parseWords('lab kill', words, flags);
  const chosen = FAULTS.filter((fault) => values[fault] === true);
  const faults = chosen.length === 0 ? (['power'] as const) : chosen;
  const { lab, host } = chosenHost('kill', positionals);
  await withHomeLock(lab.home, async () => {
    for (const fault of faults) await injectFault(lab, host, fault);
  });
  process.stdout.write(`${host.plan.name}: ${faults.join(', ')}; "dura lab heal ${host.plan.name}" undoes it.\n`);
  return 0;
}

async function heal(words: readonly string[]): Promise<number> {
  const { positionals } = parseWords('lab heal', words, {});
  const { lab, host } = chosenHost('heal', positionals);
  const healed = await withHomeLock(lab.home, () => healHost(lab, host));
  process.stdout.write(
    `${host.plan.name}: ${healed.length === 0 ? 'nothing was broken' : `healed ${healed.join(', ')}`}.\n`,
  );
  return 0;
}

function chosenHost(command: string, positionals: readonly string[]): { lab: Lab; host: LabHost } {
  const lab = Lab.require();
  const [name, ...rest] = positionals;
  if (name === undefined || rest.length > 0) {
    throw new DurastackError('INVALID_INPUT', `Name one host, e.g. "dura lab ${command} host-1".`);
  }
  return { lab, host: lab.host(name) };
}

async function exec(words: readonly string[]): Promise<number> {
  const [name, separator, ...command] = words;
  if (name === undefined || separator !== '--' || command.length === 0) {
    throw new DurastackError('INVALID_INPUT', 'Write e.g. "dura lab exec host-1 -- virsh list".');
  }
  return execInHost(Lab.require().host(name), command);
}

/** `dura recover`: after a backup was restored into the database. */
import { setTimeout as sleep } from 'node:timers/promises';
import { DurastackError, isDurastackError } from '@durastack/contracts/errors';
import { connectDatabase } from '@durastack/store/database/data-source';
import { beginRecovery } from '@durastack/store/recovery/recovery-state';
import { loadAdminAccess } from '../api/admin-access.js';
import { ApiClient } from '../api/api-client.js';
import { describeHome, homeDirectory, type Home } from '../instance/home.js';
import { mariadbAnswers, mariadbUrl } from '../parts/mariadb.js';
import { parseWords } from './arguments.js';

/** How long hosts are waited for before the command says which ones are silent. */
const WAIT_MS = 30_000;
const POLL_MS = 500;

/** As `getRecovery` answers it, in CloudStack's spelling. */
interface Recovery {
  readonly active: boolean;
  readonly controlepoch: number;
  readonly hostcount: number;
  readonly readcount: number;
  readonly awaited: readonly { id: string; name: string; error?: string }[];
  readonly findings: readonly { kind: string; subject: string; message: string }[];
}

/** Begins recovery, writes a host off, or clears the list. @returns 0 when recovery has ended, 3 while it waits */
export async function recoverCommand(words: readonly string[]): Promise<number> {
  const { values } = parseWords('recover', words, {
    'write-off': { type: 'string' },
    acknowledge: { type: 'boolean' },
    json: { type: 'boolean' },
  });
  const home = describeHome(homeDirectory());
  if (values.acknowledge) return tell(await ask(home, 'acknowledgeRecovery'), values.json === true);
  const hostToWriteOff = values['write-off'];
  if (hostToWriteOff === undefined) await begin(home);
  else await ask(home, 'writeOffHost', { id: await hostIdOf(home, hostToWriteOff) });
  return tell(await untilEnded(home), values.json === true);
}

/** Straight in the database, so that it can be done before the control plane starts. */
async function begin(home: Home): Promise<void> {
  if (!(await mariadbAnswers(home.mariadb)))
    throw new DurastackError('ENVIRONMENT', `The database of ${home.root} does not answer; start it with "dura up".`);
  const source = await connectDatabase({ url: mariadbUrl(home.mariadb) });
  try {
    await beginRecovery(source, { reason: 'dura recover', byCommand: true });
  } finally {
    await source.destroy();
  }
}

async function ask(home: Home, command: string, params: Record<string, string> = {}): Promise<Recovery> {
  const reply = await new ApiClient(loadAdminAccess(home)).call(command, params);
  return reply['recovery'] as Recovery;
}

async function hostIdOf(home: Home, nameOrId: string): Promise<string> {
  const reply = await new ApiClient(loadAdminAccess(home)).call('listHosts', { type: 'Routing' });
  const hosts = (reply['host'] ?? []) as { id: string; name: string }[];
  const found = hosts.filter(({ id, name }) => id === nameOrId || name === nameOrId);
  if (found.length === 1 && found[0]) return found[0].id;
  const names = hosts.map(({ id, name }) => `${name} (${id})`).join(', ');
  throw new DurastackError('NOT_FOUND', `There is no one host "${nameOrId}"; there are: ${names || 'none'}.`);
}

/** Until it has ended, or hosts have been silent for long; undefined: the API is not there to say. */
async function untilEnded(home: Home): Promise<Recovery | undefined> {
  const until = performance.now() + WAIT_MS;
  for (;;) {
    try {
      const recovery = await ask(home, 'getRecovery');
      if (!recovery.active || performance.now() > until) return recovery;
    } catch (error) {
      if (!isDurastackError(error, 'HOST_UNREACHABLE') && !isDurastackError(error, 'ENVIRONMENT')) throw error;
      return undefined;
    }
    await sleep(POLL_MS);
  }
}

function tell(recovery: Recovery | undefined, asJson: boolean): number {
  const lines = asJson ? [JSON.stringify(recovery ?? null, null, 2)] : render(recovery);
  process.stdout.write(`${lines.join('\n')}\n`);
  return recovery?.active === false ? 0 : 3;
}

function render(recovery: Recovery | undefined): string[] {
  if (!recovery) return ['Recovery begins when the control plane starts: "dura up". Then look at "dura status".'];
  const { active, controlepoch, hostcount, readcount, awaited, findings } = recovery;
  return [
    `Recovery ${active ? 'is under way' : 'has ended'}: ${readcount} of ${hostcount} hosts read, control epoch ${controlepoch}.`,
    ...awaited.map(({ name, error }) => `  waits for ${name}${error === undefined ? '' : ` (${error})`}`),
    ...(awaited.length > 0
      ? ['  Start their agents, or: dura recover --write-off HOST (nothing runs there any more)']
      : []),
    ...findings.map(({ kind, subject, message }) => `  ${kind}  ${subject}\n    ${message}`),
    ...(findings.length > 0 && !active ? ['  When you have dealt with them: dura recover --acknowledge'] : []),
  ];
}

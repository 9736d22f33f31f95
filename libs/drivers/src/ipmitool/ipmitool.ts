/**
 * Management controllers by IPMI 2.0, through the program ipmitool. The password goes by its environment, a new one by
 * an open file without a name: neither is in a command line.
 */
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type {
  ControllerLogin,
  ControllerPower,
  PowerChange,
  PowerControllers,
} from '@durastack/contracts/infra/power-controller';
import { DurastackError, isDurastackError } from '@durastack/contracts/errors';
import { run } from '../process/run.js';

const CALL_MS = 10_000;
/** Seconds for an answer, and how often it is asked for: a controller that is gone costs a few seconds. */
const PATIENCE = ['-N', '2', '-R', '2'] as const;
/** Cipher suites 17 (SHA-256) and 3 (SHA-1), the stronger one first. */
const CIPHER_SUITES = ['17', '3'] as const;
const WORDS: Readonly<Record<PowerChange, string>> = {
  ON: 'on',
  OFF: 'off',
  CYCLE: 'cycle',
  RESET: 'reset',
  SOFT: 'soft',
};
/** IPMI stores 20 bytes at most; what fits into 16 is stored so, for old controllers. */
const SHORT_PASSWORD = 16;
const LONG_PASSWORD = 20;
/** What ipmitool's own command line does not take apart. */
const PLAIN_PASSWORD = /^[A-Za-z0-9!@%^*()_+=.,:;/?-]+$/;

/** The power that the chassis has. */
async function readPower(login: ControllerLogin): Promise<ControllerPower> {
  const text = await ask(login, ['chassis', 'power', 'status']);
  if (/chassis power is off/i.test(text)) return 'Off';
  return /chassis power is on/i.test(text) ? 'On' : 'Unknown';
}

/** Asks for a change of it. */
async function changePower(login: ControllerLogin, change: PowerChange): Promise<void> {
  await ask(login, ['chassis', 'power', WORDS[change]]);
}

/** Gives the user another password. INVALID_INPUT for one that IPMI cannot hold. */
async function changePassword(login: ControllerLogin, password: string): Promise<void> {
  if (Buffer.byteLength(password) > LONG_PASSWORD || !PLAIN_PASSWORD.test(password))
    throw new DurastackError(
      'INVALID_INPUT',
      `An IPMI password has at most ${LONG_PASSWORD} letters, digits and signs, without blanks, quotes, backslashes and #.`,
    );
  const id = userId(await ask(login, ['user', 'list', '1']), login);
  const size = password.length <= SHORT_PASSWORD ? SHORT_PASSWORD : LONG_PASSWORD;
  const said = await withUnnamedFile(`user set password ${id} ${password} ${size}\n`, (file) =>
    ask(login, ['exec', '/proc/self/fd/3'], file),
  );
  // Of what fails in such a file ipmitool's exit status says nothing.
  if (!/successful/i.test(said))
    throw new DurastackError('STEP_REFUSED', `The controller ${login.address} did not take the new password.`);
}

async function withUnnamedFile<T>(text: string, body: (file: number) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'ipmi-'));
  const file = await open(join(directory, 'commands'), 'wx+', 0o600);
  try {
    await rm(directory, { recursive: true });
    await file.write(text, 0);
    return await body(file.fd);
  } finally {
    await file.close();
  }
}

function userId(list: string, { username, address }: ControllerLogin): number {
  for (const line of list.split('\n')) {
    const [id, name] = line.trim().split(/\s+/);
    if (name === username && /^\d+$/.test(id ?? '')) return Number(id);
  }
  throw new DurastackError('STEP_REFUSED', `The controller ${address} lists no user ${username} on channel 1.`);
}

async function ask(login: ControllerLogin, words: readonly string[], file?: number): Promise<string> {
  for (const suite of CIPHER_SUITES) {
    try {
      return await call(login, suite, { words, file });
    } catch (error) {
      if (suite === CIPHER_SUITES.at(-1) || !lacksSuite(error)) throw readable(error, login);
    }
  }
  throw new DurastackError('BUG', 'No cipher suite was tried.');
}

function call(
  { address, port, username, password }: ControllerLogin,
  suite: string,
  { words, file }: { readonly words: readonly string[]; readonly file: number | undefined },
): Promise<string> {
  const to = ['-I', 'lanplus', '-C', suite, '-H', address, '-p', String(port), '-U', username, '-E'];
  return run('ipmitool', ['-v', ...to, ...PATIENCE, ...words], {
    env: { IPMI_PASSWORD: password },
    timeoutMs: CALL_MS,
    ...(file === undefined ? {} : { files: [file] }),
  });
}

function lastWords(error: unknown): string {
  return isDurastackError(error) ? String(error.details['stderr'] ?? '') : '';
}

function lacksSuite(error: unknown): boolean {
  return /invalid authentication algorithm|invalid integrity algorithm|no matching cipher|cipher suite/i.test(
    lastWords(error),
  );
}

function readable(error: unknown, { address, port, username }: ControllerLogin): unknown {
  const where = `The IPMI controller ${address}:${port}`;
  if (isDurastackError(error, 'TIMEOUT'))
    return new DurastackError('HOST_UNREACHABLE', `${where} did not answer in ${CALL_MS / 1000} s.`);
  const words = lastWords(error);
  if (/HMAC is invalid|unauthorized name|Insufficient privilege|invalid user|password/i.test(words))
    return new DurastackError('FORBIDDEN', `${where} refuses the user ${username} or its password.`);
  if (/does not support IPMI v2/i.test(words))
    return new DurastackError('STEP_REFUSED', `${where} does not speak IPMI 2.0.`);
  if (/unable to establish|address lookup|no route|refused/i.test(words))
    return new DurastackError('HOST_UNREACHABLE', `${where} does not answer; check address, port and network.`);
  return error;
}

/** Controllers by IPMI. */
export const ipmitool: PowerControllers = { read: readPower, change: changePower, changePassword };

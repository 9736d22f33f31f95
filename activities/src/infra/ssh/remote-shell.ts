/** Runs fixed scripts on a host as root, over one SSH connection. */
import { Readable } from 'node:stream';
import { DurastackError } from '@durastack/contracts/errors';
import type { NodeSSH } from 'node-ssh';
import { shellLine } from './shell-text.js';
import { connectSsh, place, type SshTarget } from './ssh-connection.js';

/** How a script is run. */
export interface ScriptOptions {
  /** Goes to its standard input: the way for data and for everything secret. */
  readonly input?: string | Buffer;
  /** The host itself ends it past this. Default 20 s. */
  readonly timeoutS?: number;
  /** How a failure names it, e.g. `starting libvirt`. */
  readonly what: string;
}

/** A root shell on a host. */
export interface RemoteShell {
  /**
   * Runs a script of ours; `args` are its `$1`, `$2`, … whatever they hold.
   *
   * @returns its standard output
   * @throws DurastackError STEP_REFUSED with the last lines of its standard error, TIMEOUT, HOST_UNREACHABLE when the
   *   connection broke
   */
  run(script: string, args: readonly string[], options: ScriptOptions): Promise<string>;
  close(): void;
}

const DEFAULT_TIMEOUT_S = 20;
/** After its time limit a script is killed; what comes later than this is a dead connection. */
const GRACE_MS = 8_000;
const TIMED_OUT = 124;
const KILLED = 137;
const LAST_LINES = 6;
const PROLOGUE = [
  'set -eu',
  'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin; export PATH',
  'LC_ALL=C; export LC_ALL',
  'umask 022',
  '',
].join('\n');

/**
 * Connects and makes sure of being root there.
 *
 * @throws DurastackError as {@link connectSsh}; FORBIDDEN when the user may not become root
 */
export async function openRemoteShell(target: SshTarget): Promise<RemoteShell> {
  const ssh = await connectSsh(target);
  const root = target.username === 'root' ? [] : ['sudo', '-n', '--'];
  const shell: RemoteShell = {
    run: (script, args, options) => runScript(ssh, { target, root, script, args, options }),
    close: () => ssh.dispose(),
  };
  try {
    if (root.length > 0) await checkSudo(ssh, target, root);
  } catch (error) {
    shell.close();
    throw error;
  }
  return shell;
}

interface ScriptRun {
  readonly target: SshTarget;
  readonly root: readonly string[];
  readonly script: string;
  readonly args: readonly string[];
  readonly options: ScriptOptions;
}

async function runScript(ssh: NodeSSH, { target, root, script, args, options }: ScriptRun): Promise<string> {
  const timeoutS = options.timeoutS ?? DEFAULT_TIMEOUT_S;
  const words = ['timeout', '-k', '5', String(timeoutS), 'sh', '-c', PROLOGUE + script, 'durastack', ...args];
  const end = await execute(ssh, target, shellLine([...root, ...words]), {
    ...(options.input === undefined ? {} : { input: options.input }),
    timeoutMs: timeoutS * 1000 + GRACE_MS,
  });
  if (end.code === 0) return end.stdout;
  const lines = end.stderr.trim().split('\n').slice(-LAST_LINES).join('\n') || 'no message';
  if (end.code === TIMED_OUT || end.code === KILLED) {
    throw new DurastackError(
      'TIMEOUT',
      `On ${place(target)}, ${options.what} took longer than ${timeoutS} s: ${lines}`,
    );
  }
  throw new DurastackError('STEP_REFUSED', `On ${place(target)}, ${options.what} failed: ${lines}`, {
    details: { exitCode: end.code },
  });
}

async function checkSudo(ssh: NodeSSH, target: SshTarget, root: readonly string[]): Promise<void> {
  const end = await execute(ssh, target, shellLine([...root, 'true']), { timeoutMs: DEFAULT_TIMEOUT_S * 1000 });
  if (end.code === 0) return;
  throw new DurastackError(
    'FORBIDDEN',
    `The SSH user ${target.username} may not become root on ${place(target)} without a password (sudo -n: ${end.stderr.trim().split('\n').at(-1) ?? ''}). Allow it in /etc/sudoers.d (\`${target.username} ALL=(ALL) NOPASSWD: ALL\`) for the time of addHost, or give root.`,
  );
}

interface CommandEnd {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function execute(
  ssh: NodeSSH,
  target: SshTarget,
  line: string,
  { input, timeoutMs }: { input?: string | Buffer; timeoutMs: number },
): Promise<CommandEnd> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(lost(target, `no answer within ${timeoutMs} ms`)), timeoutMs);
  });
  const ended = ssh.execCommand(line, {
    noTrim: true,
    // A stream, so that a large input waits for the host to take it.
    ...(input === undefined ? {} : { stdin: Readable.from([Buffer.from(input)], { objectMode: false }) }),
    // A command that ends before it has read its input closes it; its exit code tells the story.
    onChannel: (channel) => channel.on('error', () => undefined),
  });
  try {
    const { code, signal, stdout, stderr } = await Promise.race([ended, late]);
    if (code !== null) return { code, stdout, stderr };
    throw lost(target, signal === null ? 'the connection broke' : `the command was ended by ${signal}`);
  } catch (error) {
    if (error instanceof DurastackError) throw error;
    throw lost(target, 'the connection broke', error);
  } finally {
    clearTimeout(timer);
    // The losing one of the race must not be an unhandled rejection.
    ended.catch(() => undefined);
  }
}

function lost(target: SshTarget, why: string, cause?: unknown): DurastackError {
  return new DurastackError('HOST_UNREACHABLE', `Lost ${place(target)} while working on it over SSH: ${why}.`, {
    cause,
  });
}

/**
 * Runs a program to its end: the only way drivers start short-lived ones. Argument array, bounded output, time limit,
 * abort; a process group of its own, so that what it started ends with it.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { asDurastackError, DurastackError, type ErrorCode } from '@durastack/contracts/errors';

/** How {@link run} runs a program. */
export interface RunOptions {
  /** Sent to its standard input; nothing else reaches it. The way for secrets, which never go into arguments. */
  readonly input?: Buffer | string;
  readonly cwd?: string;
  /** Open files that it gets as descriptors 3, 4, …: reachable for it as `/proc/self/fd/3`, whatever lies above them. */
  readonly files?: readonly number[];
  /** Open file that gets its standard output, instead of the returned text. */
  readonly stdoutFile?: number;
  /** Added to a minimal environment (PATH with the system directories, LC_ALL=C). Nothing else is inherited. */
  readonly env?: Readonly<Record<string, string>>;
  /** The program is killed past this. Default 120 s. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Called with each piece of standard output. */
  readonly onOutput?: (text: string) => void;
  /** Code of the error when the program fails. Default `STEP_REFUSED`. */
  readonly failureCode?: ErrorCode;
}

/** More output than this is an error. */
const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;

/**
 * Runs `program` with `args` and gives its standard output.
 *
 * @throws DurastackError `ENVIRONMENT` when the program is not installed, `CANCELLED` when the signal was aborted,
 *   `TIMEOUT` past `timeoutMs`, else `failureCode` with the program's last words in the message.
 */
export async function run(program: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  if (options.signal?.aborted) throw cancelled(program);
  const child = spawn(program, args, {
    cwd: options.cwd,
    env: { PATH: systemPath(), LC_ALL: 'C', HOME: '/nonexistent', ...options.env },
    detached: true,
    stdio: ['pipe', options.stdoutFile ?? 'pipe', 'pipe', ...(options.files ?? [])],
  });
  const end = await new Promise<ProgramEnd>((resolve) => watch(child, options, resolve));
  if (end.error !== undefined) throw end.error;
  if (end.code === 0) return end.stdout;
  const lastWords = end.stderr.trim().split('\n').slice(-3).join(' / ').slice(-600) || 'no message';
  const how = end.code === null ? `was ended by ${end.killedBy ?? 'a signal'}` : `failed with status ${end.code}`;
  throw new DurastackError(options.failureCode ?? 'STEP_REFUSED', `${program} ${how}: ${lastWords}`, {
    details: { program, exitCode: end.code, signal: end.killedBy, stderr: lastWords },
  });
}

/** PATH with the system directories, which a service's environment may lack. */
export function systemPath(): string {
  return [process.env['PATH'], '/usr/local/sbin', '/usr/sbin', '/sbin', '/usr/bin', '/bin'].filter(Boolean).join(':');
}

interface ProgramEnd {
  readonly code: number | null;
  readonly killedBy: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Set when it ended for a reason other than the program's own. */
  readonly error: DurastackError | undefined;
}

function watch(child: ChildProcess, options: RunOptions, resolve: (end: ProgramEnd) => void): void {
  const program = child.spawnfile;
  let stdout = '';
  let stderr = '';
  let error: DurastackError | undefined;
  const end = (code: number | null, killedBy: NodeJS.Signals | null): void => {
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', onAbort);
    resolve({ code, killedBy, stdout, stderr, error });
  };
  const stop = (why: DurastackError): void => {
    error ??= why;
    killGroup(child);
  };
  const onAbort = (): void => stop(cancelled(program));
  const timeoutMs = options.timeoutMs ?? 120_000;
  const timer = setTimeout(
    () => stop(new DurastackError('TIMEOUT', `${program} did not end within ${timeoutMs} ms and was stopped.`)),
    timeoutMs,
  );
  options.signal?.addEventListener('abort', onAbort, { once: true });
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    options.onOutput?.(text);
    if (stdout.length > MAX_OUTPUT_BYTES)
      stop(new DurastackError('STEP_REFUSED', `${program} wrote over ${MAX_OUTPUT_BYTES} bytes and was stopped.`));
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-8192);
  });
  // A program that ends before it read all its input is judged by its exit status.
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(options.input ?? '');
  child.on('error', (cause) => {
    error ??= startFailure(program, cause);
    if (child.pid === undefined) end(null, null);
  });
  child.on('close', end);
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch (error) {
    // ESRCH: it ended in this very moment, which is what was wanted.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw asDurastackError(error);
  }
}

function startFailure(program: string, cause: Error): DurastackError {
  if ((cause as NodeJS.ErrnoException).code === 'ENOENT') {
    return new DurastackError('ENVIRONMENT', `The program "${program}" is not installed; install its package.`, {
      cause,
    });
  }
  return new DurastackError('ENVIRONMENT', `The program "${program}" could not be started: ${cause.message}`, {
    cause,
  });
}

function cancelled(program: string): DurastackError {
  return new DurastackError('CANCELLED', `${program} was stopped because the task was cancelled.`);
}

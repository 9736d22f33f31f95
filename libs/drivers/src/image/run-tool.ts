/**
 * Runs a tool of the operating system to its end: argument array, bounded output, time limit, abort.
 *
 * The tool gets its own process group, so that what it started ends with it.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { asDurastackError, DurastackError, type ErrorCode } from '@durastack/contracts/errors';

/** How a tool is run. */
export interface ToolOptions {
  /** Sent to its standard input; nothing else reaches it. The way for secrets, which never go into arguments. */
  readonly input?: Buffer | string;
  readonly cwd?: string;
  /** Open files that it gets as descriptors 3, 4, …: reachable for it as `/proc/self/fd/3`, whatever lies above them. */
  readonly files?: readonly number[];
  /** Open file that gets its standard output, instead of the returned text. */
  readonly stdoutFile?: number;
  /** Added to a minimal environment (PATH with the sbin folders, LC_ALL=C). Nothing else is inherited. */
  readonly env?: Readonly<Record<string, string>>;
  /** The tool is killed past this. Default 120 s. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Called with each piece of standard output. */
  readonly onOutput?: (text: string) => void;
  /** Code of the error when the tool fails. Default `STEP_REFUSED`. */
  readonly failureCode?: ErrorCode;
}

const MAX_OUTPUT_BYTES = 4 * 1024 * 1024;
const TOOL_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * Runs `tool` with `args` and gives its standard output.
 *
 * @throws DurastackError `ENVIRONMENT` when the tool is not installed, `CANCELLED` when the signal was aborted,
 *   `TIMEOUT` past `timeoutMs`, else `failureCode` with the tool's last words in the message.
 */
export async function runTool(tool: string, args: readonly string[], options: ToolOptions = {}): Promise<string> {
  if (options.signal?.aborted) throw cancelled(tool);
  const child = spawn(tool, args, {
    cwd: options.cwd,
    env: { PATH: TOOL_PATH, LC_ALL: 'C', HOME: '/nonexistent', ...options.env },
    detached: true,
    stdio: ['pipe', options.stdoutFile ?? 'pipe', 'pipe', ...(options.files ?? [])],
  });
  const end = await new Promise<ToolEnd>((resolve) => watch(child, options, resolve));
  if (end.error !== undefined) throw end.error;
  if (end.code === 0) return end.stdout;
  const lastWords = end.stderr.trim().split('\n').slice(-3).join(' / ').slice(-600) || 'no message';
  const how = end.code === null ? `was ended by ${end.killedBy ?? 'a signal'}` : `failed with status ${end.code}`;
  throw new DurastackError(options.failureCode ?? 'STEP_REFUSED', `${tool} ${how}: ${lastWords}`, {
    details: { tool, exitCode: end.code, signal: end.killedBy, stderr: lastWords },
  });
}

interface ToolEnd {
  readonly code: number | null;
  readonly killedBy: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Set when it ended for a reason other than the tool's own. */
  readonly error: DurastackError | undefined;
}

function watch(child: ChildProcess, options: ToolOptions, resolve: (end: ToolEnd) => void): void {
  const tool = child.spawnfile;
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
  const onAbort = (): void => stop(cancelled(tool));
  const timeoutMs = options.timeoutMs ?? 120_000;
  const timer = setTimeout(
    () => stop(new DurastackError('TIMEOUT', `${tool} did not end within ${timeoutMs} ms and was stopped.`)),
    timeoutMs,
  );
  options.signal?.addEventListener('abort', onAbort, { once: true });
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    if (stdout.length < MAX_OUTPUT_BYTES) stdout += text;
    options.onOutput?.(text);
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-8192);
  });
  // A tool that ends before it read all its input is judged by its exit status.
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(options.input ?? '');
  child.on('error', (cause) => {
    error ??= startFailure(tool, cause);
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

function startFailure(tool: string, cause: Error): DurastackError {
  if ((cause as NodeJS.ErrnoException).code === 'ENOENT') {
    return new DurastackError('ENVIRONMENT', `The program "${tool}" is not installed; install its package.`, { cause });
  }
  return new DurastackError('ENVIRONMENT', `The program "${tool}" could not be started: ${cause.message}`, { cause });
}

function cancelled(tool: string): DurastackError {
  return new DurastackError('CANCELLED', `${tool} was stopped because the task was cancelled.`);
}

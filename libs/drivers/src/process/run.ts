/** Runs a program with an argument array and gives its output: the only way drivers start short-lived programs. */
import { spawn } from 'node:child_process';
import { DurastackError } from '@durastack/contracts/errors';

/** How {@link run} runs a program. */
export interface RunOptions {
  /** Written to standard input, which is then closed. Secrets go here, never into the arguments. */
  readonly input?: string | Buffer;
  /** The program is killed and `TIMEOUT` thrown after this long. Default 30 s. */
  readonly timeoutMs?: number;
  /** Kills the program when aborted; then `CANCELLED` is thrown. */
  readonly signal?: AbortSignal;
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** More output than this is an error. Default 16 MiB. */
  readonly maxOutputBytes?: number;
}

const STDERR_TAIL = 800;

/**
 * Runs `file` (found on PATH and in the system directories) and gives its standard output as text.
 *
 * @throws DurastackError `STEP_REFUSED` with the tail of standard error when it exits non-zero or is killed,
 * `TIMEOUT` after `timeoutMs`, `CANCELLED` on abort, `ENVIRONMENT` when there is no such program
 */
export function run(file: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const { input, timeoutMs = 30_000, signal, maxOutputBytes = 16 * 1024 * 1024 } = options;
  if (signal?.aborted) return Promise.reject(cancelled(file));
  return new Promise((resolve, reject) => {
    const env = { ...process.env, ...options.env, PATH: systemPath(), LC_ALL: 'C' };
    const child = spawn(file, [...args], { stdio: ['pipe', 'pipe', 'pipe'], env });
    const chunks: Buffer[] = [];
    let size = 0;
    let stderr = '';
    let failure: DurastackError | undefined;
    const kill = (why: DurastackError): void => {
      failure ??= why;
      child.kill('SIGKILL');
    };
    const onAbort = (): void => kill(cancelled(file));
    signal?.addEventListener('abort', onAbort, { once: true });
    const timer = setTimeout(
      () => kill(new DurastackError('TIMEOUT', `${file} did not end within ${timeoutMs} ms and was killed`)),
      timeoutMs,
    );
    const settle = (act: () => void): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      act();
    };
    child.stdout.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > maxOutputBytes) kill(new DurastackError('STEP_REFUSED', `${file} wrote over ${maxOutputBytes} bytes`));
      else chunks.push(chunk);
    });
    child.stderr.on('data', (chunk: Buffer) => (stderr = (stderr + chunk.toString('utf8')).slice(-STDERR_TAIL)));
    // A program that ends without reading its input closes the pipe; its exit code tells the story.
    child.stdin.on('error', () => undefined);
    child.on('error', (cause) => settle(() => reject(notStarted(file, cause))));
    child.on('close', (code, killedBy) =>
      settle(() => {
        if (failure) reject(failure);
        else if (code === 0) resolve(Buffer.concat(chunks).toString('utf8'));
        else reject(refused(file, args, { code, killedBy, stderr }));
      }),
    );
    child.stdin.end(input);
  });
}

/** PATH with the system directories, which a service's environment may lack. */
export function systemPath(): string {
  return [process.env['PATH'], '/usr/local/sbin', '/usr/sbin', '/sbin', '/usr/bin', '/bin'].filter(Boolean).join(':');
}

function cancelled(file: string): DurastackError {
  return new DurastackError('CANCELLED', `${file} was cancelled`);
}

function notStarted(file: string, cause: Error): DurastackError {
  const missing = 'code' in cause && cause.code === 'ENOENT';
  const text = missing
    ? `The program ${file} is not installed on this host; install the package that provides it`
    : `${file} could not be started`;
  return new DurastackError('ENVIRONMENT', text, { cause, details: { program: file } });
}

function refused(
  file: string,
  args: readonly string[],
  end: { code: number | null; killedBy: string | null; stderr: string },
): DurastackError {
  const how = end.killedBy ? `was killed by ${end.killedBy}` : `exited with ${end.code}`;
  const what = [file, ...args.slice(0, 2)].join(' ');
  return new DurastackError('STEP_REFUSED', `${what} ${how}: ${end.stderr.trim() || 'no message'}`, {
    details: { program: file, exitCode: end.code, stderr: end.stderr.trim() },
  });
}

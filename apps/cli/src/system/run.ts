/** Short-lived child processes: argument arrays only, output kept, never a shell. */
import { spawn, type ChildProcess } from 'node:child_process';
import { DurastackError } from '@durastack/contracts/errors';

/** How a child process is run. */
export interface RunOptions {
  readonly cwd?: string;
  /** The complete environment; the present one when absent. */
  readonly env?: NodeJS.ProcessEnv;
  /** Written to standard input, which is closed afterwards. */
  readonly input?: string;
  /** The process is killed after this time. Default 60 s. */
  readonly timeoutMs?: number;
  /** Output is handed on to the terminal instead of being kept, and signals to the child, which is waited for. */
  readonly inherit?: boolean;
}

/** How a child process ended. */
export interface RunResult {
  /** Exit code; 124 when it was killed for taking too long, 127 when there is no such program. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The exit code of a program that was not found, as shells give it. */
export const NO_SUCH_PROGRAM = 127;
const TIMED_OUT = 124;

/**
 * Runs a program to its end.
 *
 * @returns exit code and output; never throws for a program that fails, is missing or takes too long
 */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: options.inherit ? ['ignore', 'inherit', 'inherit'] : ['pipe', 'pipe', 'pipe'],
    });
    const release = options.inherit ? passSignalsTo(child) : () => undefined;
    let stdout = '';
    let stderr = '';
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      child.kill('SIGKILL');
    }, options.timeoutMs ?? 60_000);
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    // A program that ends before it has read its input closes the pipe; its exit code says what that means.
    child.stdin?.on('error', (error) => (stderr += `${error.message}\n`));
    child.stdin?.end(options.input ?? '');
    child.on('error', (error: NodeJS.ErrnoException) => {
      release();
      clearTimeout(timer);
      resolve({ code: error.code === 'ENOENT' ? NO_SUCH_PROGRAM : 126, stdout, stderr: `${stderr}${error.message}` });
    });
    child.on('close', (code, signal) => {
      release();
      clearTimeout(timer);
      if (timedOut) resolve({ code: TIMED_OUT, stdout, stderr: `${stderr}killed after ${options.timeoutMs} ms` });
      else resolve({ code: code ?? (signal === null ? 1 : 128), stdout, stderr });
    });
  });
}

/** Until the returned function is called, this process ends after the child, which is told to. */
function passSignalsTo(child: ChildProcess): () => void {
  const pass = (signal: NodeJS.Signals): void => void child.kill(signal);
  // A terminal gives its Ctrl-C to both.
  const interrupted = (): void => (process.stdin.isTTY ? undefined : pass('SIGINT'));
  process.on('SIGTERM', pass).on('SIGINT', interrupted);
  return () => void process.off('SIGTERM', pass).off('SIGINT', interrupted);
}

/**
 * Runs a program that must succeed.
 *
 * @param purpose how the message begins, e.g. `Creating the database`
 * @returns its standard output
 * @throws ENVIRONMENT with the last line that the program wrote
 */
export async function runOrFail(
  purpose: string,
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  const result = await run(command, args, options);
  if (result.code === 0) return result.stdout;
  const said = lastLine(result.stderr) || lastLine(result.stdout) || 'it wrote nothing';
  throw new DurastackError('ENVIRONMENT', `${purpose} failed: ${command} ended with ${result.code}: ${said}`);
}

/** The last line of a text that is not blank. */
export function lastLine(text: string): string {
  return text.trimEnd().split('\n').at(-1)?.trim() ?? '';
}

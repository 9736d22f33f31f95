/** `dura api <command> key=value…`: one signed call as the instance's administrator. */
import { DurastackError } from '@durastack/contracts/errors';
import { loadAdminAccess } from '../api/admin-access.js';
import { ApiClient, isItselfAboutJobs, type Job } from '../api/api-client.js';
import { describeHome, homeDirectory } from '../instance/home.js';
import { parseAssignments } from './arguments.js';

/** Runs it; JSON on standard output, progress and errors on standard error. @returns exit code */
export async function apiCommand(words: readonly string[]): Promise<number> {
  const [command, ...rest] = words;
  if (command === undefined) {
    throw new DurastackError(
      'INVALID_INPUT',
      'Name a command, e.g. "dura api listVirtualMachines", or "dura api listApis".',
    );
  }
  const client = new ApiClient(loadAdminAccess(describeHome(homeDirectory())));
  const { status, body } = await client.request(command, parseAssignments(rest));
  if (status >= 400) return fail(command, body);
  const jobId = body['jobid'];
  if (typeof jobId !== 'string' || isItselfAboutJobs(command)) return succeed(body);
  const progress = new ProgressLine();
  const job = await client.waitForJob(jobId, (seen) => progress.show(command, seen));
  progress.end();
  return job.jobstatus === 1 ? succeed(job.jobresult ?? {}) : fail(command, job.jobresult ?? {});
}

function succeed(body: Record<string, unknown>): number {
  process.stdout.write(`${JSON.stringify(body, null, 2)}\n`);
  return 0;
}

function fail(command: string, body: Record<string, unknown>): number {
  process.stdout.write(`${JSON.stringify(body, null, 2)}\n`);
  process.stderr.write(`${command} failed: ${String(body['errortext'] ?? 'the reply gives no reason')}\n`);
  return 1;
}

/** The step it is at, in the operation's own words. */
function stepOf(job: Job): string {
  const { step, stepnumber, stepcount, detail } = job;
  if (job.jobstatus !== 0) return '';
  if (step === undefined) return detail === undefined ? '' : `, ${String(detail)}`;
  return `, step ${String(stepnumber)} of ${String(stepcount)}: ${String(step)}${detail === undefined ? '' : `, ${String(detail)}`}`;
}

/** On a terminal one line that is written over; elsewhere one line per change. */
class ProgressLine {
  private readonly begun = performance.now();
  private last = '';

  show(command: string, job: Job): void {
    const text = `${command}: ${['running', 'done', 'failed'][job.jobstatus] ?? job.jobstatus}${stepOf(job)}`;
    const seconds = ((performance.now() - this.begun) / 1000).toFixed(1);
    if (process.stderr.isTTY) process.stderr.write(`\r\u001B[K${text} (${seconds} s)`);
    else if (text !== this.last) process.stderr.write(`${text} (${seconds} s)\n`);
    this.last = text;
  }

  end(): void {
    if (process.stderr.isTTY && this.last !== '') process.stderr.write('\n');
  }
}

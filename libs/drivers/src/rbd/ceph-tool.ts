/** Calls of Ceph's tools as a pool's user: each with a limit of time, and with errors that say what to do. */
import type { RbdPoolSpec } from '@durastack/contracts/agent/specs';
import { DurastackError, isDurastackError } from '@durastack/contracts/errors';
import type { HostShell } from '../process/host-shell.js';
import type { RunOptions } from '../process/run.js';
import type { RbdAccess } from './rbd-access.js';

/** What tools end with: errno values. */
export const CEPH_ERROR = {
  notPermitted: 1,
  absent: 2,
  access: 13,
  busy: 16,
  exists: 17,
  invalid: 22,
  notEmpty: 39,
  timedOut: 110,
  /** Somebody else removed it in this moment. */
  stale: 116,
} as const;

/** Ceph's own limits end a call earlier; this is for a tool that hangs. */
const CALL_TIMEOUT_MS = 25_000;

/** Who calls, and for which pool. */
export interface CephCaller {
  readonly pool: RbdPoolSpec;
  readonly user: string;
  readonly access: RbdAccess;
  /** Where the tools run: in the network of the host. */
  readonly shell: HostShell;
}

/** How a call is limited. */
export type CephCallOptions = Pick<RunOptions, 'signal' | 'timeoutMs' | 'onOutput' | 'env' | 'input'>;

/**
 * Runs `rbd`, `ceph` or `rados` and gives its output.
 *
 * @throws DurastackError `BACKEND_BUSY` when the cluster does not answer; `STEP_REFUSED` when it refuses the user or
 *   the call, with the tool's status in `details.exitCode`; `CANCELLED` on abort
 */
export async function callCeph(
  program: 'rbd' | 'ceph' | 'rados',
  caller: CephCaller,
  args: readonly string[],
  options: CephCallOptions = {},
): Promise<string> {
  const identity = ['--conf', caller.access.conf, '--id', caller.user];
  try {
    return await caller.shell.run(program, [...identity, ...args], { timeoutMs: CALL_TIMEOUT_MS, ...options });
  } catch (error) {
    throw explain(caller, error);
  }
}

/** Whether the tool ended with this status. */
export function hasStatus(error: unknown, status: number): boolean {
  return isDurastackError(error, 'STEP_REFUSED') && error.details['exitCode'] === status;
}

/** The pool's cluster does not answer: the operation waits, and says so. */
export function poolSilent({ id, pool, monitors }: RbdPoolSpec, cause?: unknown): DurastackError {
  const text = `waits for storage pool ${pool} (${id}): its Ceph cluster at ${monitors.join(', ')} does not answer`;
  return new DurastackError('BACKEND_BUSY', text, { cause });
}

/** What `rbd` and `ceph` say when a monitor has answered and does not let the user in. */
const NOT_CONNECTED =
  /couldn't connect to the cluster|error connecting to the cluster|error calling connect|ObjectNotFound|PermissionError/;

/** Whether a tool ended because the cluster did not answer it in time. */
export function sawSilence(error: unknown): boolean {
  if (!isDurastackError(error)) return false;
  const { exitCode, stderr } = error.details;
  return exitCode === CEPH_ERROR.timedOut || /\(110\)|timed out|TimedOut/i.test(String(stderr ?? ''));
}

function explain({ pool, user }: CephCaller, error: unknown): unknown {
  if (isDurastackError(error, 'TIMEOUT')) return poolSilent(pool, error);
  if (isDurastackError(error, 'ENVIRONMENT'))
    return new DurastackError('ENVIRONMENT', `${error.message} On Debian: ceph-common.`, { cause: error });
  if (!isDurastackError(error, 'STEP_REFUSED')) return error;
  const said = String(error.details['stderr'] ?? '');
  const refuse = (message: string): DurastackError =>
    new DurastackError('STEP_REFUSED', message, { cause: error, details: error.details });
  const where = `The Ceph cluster at ${pool.monitors.join(', ')}`;
  const unknownUser = `${where} refuses the cephx user ${user}: check user and secret with "ceph auth get client.${user}"`;
  // Some versions go on trying until the time is over.
  if (/handle_auth_bad_method/.test(said)) return refuse(unknownUser);
  if (sawSilence(error)) return poolSilent(pool, error);
  if (NOT_CONNECTED.test(said)) return refuse(unknownUser);
  if (/error opening (default )?pool/.test(said))
    return refuse(`${where} has no pool ${pool.pool} that ${user} may open`);
  return error;
}

/** An image as qemu-img names it. The key is in the configuration's keyring, which the user alone may read. */
export function toolName({ user, access }: CephCaller, spec: string): string {
  return `rbd:${spec}:id=${user}:conf=${access.conf.replaceAll(/[\\:=@]/g, '\\$&')}`;
}

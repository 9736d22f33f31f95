/** Runs a program over untrusted bytes: as nobody, without privileges, under limits of memory, time and file size. */
import { run, type RunOptions } from '../process/run.js';

/** The limits; every process that is started gets each for itself. */
export interface Confinement {
  readonly memoryBytes?: number;
  readonly cpuSeconds: number;
  /** Largest file it may write; 0 forbids writing. */
  readonly maxFileBytes: number;
}

/** The user and group that own nothing: `nobody` and `nogroup` wherever Linux is. */
export const NOBODY_ID = 65_534;
/** Address space, of which threads' stacks and arenas take far more than they use. */
const DEFAULT_MEMORY_BYTES = 2 * 1024 ** 3;

/** True when this process can become nobody. */
export const canDropPrivileges = (): boolean => process.getuid?.() === 0;

/**
 * As {@link run}, confined. Give files as open descriptors: the program could not open them by path.
 * When this process is not root, there are no privileges to drop and only the limits apply.
 */
export function runConfined(
  tool: string,
  args: readonly string[],
  limits: Confinement,
  options: RunOptions,
): Promise<string> {
  const bounded = [
    `--as=${limits.memoryBytes ?? DEFAULT_MEMORY_BYTES}`,
    `--cpu=${limits.cpuSeconds}`,
    `--fsize=${limits.maxFileBytes}`,
    '--core=0',
    '--nofile=64',
  ];
  const id = String(NOBODY_ID);
  const unprivileged = canDropPrivileges()
    ? ['setpriv', `--reuid=${id}`, `--regid=${id}`, '--clear-groups', '--inh-caps=-all', '--bounding-set=-all']
    : ['setpriv'];
  return run('prlimit', [...bounded, '--', ...unprivileged, '--no-new-privs', '--', tool, ...args], {
    ...options,
    env: { MALLOC_ARENA_MAX: '1', ...options.env },
  });
}

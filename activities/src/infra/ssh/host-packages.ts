/** Installs Debian packages on a host in a job of its own, which goes on when the connection ends. */
import { setTimeout as sleep } from 'node:timers/promises';
import { HOST_PATHS } from './agent-layout.js';
import type { RemoteShell } from './remote-shell.js';

const POLL_MS = 1_000;
const LOCK_WAIT_S = 600;
const JOB_NAME = 'durastack-packages';

/** Runs detached; `$@` are package names. Lists that are missing or old name packages that are not there any more. */
const JOB = `
export DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 LC_ALL=C
apt() { apt-get -y -q -o DPkg::Lock::Timeout=${LOCK_WAIT_S} -o Dpkg::Options::=--force-confold "$@"; }
rc=0
apt install --no-install-recommends "$@" || { apt update && apt install --no-install-recommends "$@"; } || rc=$?
echo $rc > ${HOST_PATHS.packageJob}/rc
`;

/** `$1` is the job, the rest are package names. Starts it unless it runs or has ended; says how it stands. */
const STEP = `
job=$1; shift
mkdir -p -m 700 ${HOST_PATHS.packageJob}; cd ${HOST_PATHS.packageJob}
running() { [ -s pid ] && cat "/proc/$(cat pid)/cmdline" 2>/dev/null | tr '\\0' '\\n' | grep -qx ${JOB_NAME}; }
if ! running && ! [ -f rc ]; then
  setsid sh -c "$job" ${JOB_NAME} "$@" < /dev/null > log 2>&1 &
  echo $! > pid
  for try in 1 2 3 4 5 6 7 8 9 10; do { running || [ -f rc ]; } && break; sleep 0.1; done
fi
if running; then echo running; tail -n 1 log | cut -c -120; exit 0; fi
[ -f rc ] && rc=$(cat rc) || rc=lost
rm -f rc pid
if [ "$rc" = 0 ]; then echo done; exit 0; fi
echo "apt-get ended with $rc; see ${HOST_PATHS.packageJob}/log" >&2
grep -m 3 '^E: ' log >&2 || tail -n 3 log >&2
exit 1
`;

/**
 * Installs packages, as far as it gets until the deadline.
 *
 * @param deadline as `Date.now()` gives it
 * @returns undefined when all are installed, else what the host is at
 * @throws DurastackError STEP_REFUSED with what apt-get said
 */
export async function installPackages(
  shell: RemoteShell,
  missing: readonly string[],
  deadline: number,
): Promise<string | undefined> {
  if (missing.length === 0) return undefined;
  for (;;) {
    const said = await shell.run(STEP, [JOB, ...missing], { what: `installing ${missing.join(', ')}` });
    const [state, last = ''] = said.split('\n');
    if (state === 'done') break;
    if (Date.now() + POLL_MS > deadline) return `installing packages: ${last}`;
    await sleep(POLL_MS);
  }
  await shell.run(CHECK, missing, { what: 'checking the packages' });
  return undefined;
}

const CHECK = `
for name; do
  case $(dpkg-query -W -f='\${db:Status-Status}' "$name" 2>/dev/null) in
    installed) ;;
    *) echo "apt-get did not install $name" >&2; exit 1 ;;
  esac
done
`;

/** The packages of a list that are not installed, for messages and for {@link installPackages}. */
export function missingOf(packages: readonly string[], installed: ReadonlySet<string>): readonly string[] {
  return packages.filter((name) => !installed.has(name));
}

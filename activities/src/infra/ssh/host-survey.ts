/** What a host is before anything is done to it: one look, and whether it can be a hypervisor at all. */
import { DurastackError } from '@durastack/contracts/errors';
import { HOST_PATHS } from './agent-layout.js';
import type { RemoteShell } from './remote-shell.js';

/** What {@link surveyHost} finds. */
export interface HostSurvey {
  /** E.g. `debian 12`. */
  readonly system: string;
  /** As people call it. */
  readonly systemName: string;
  /** As `uname -m` says. */
  readonly machine: string;
  /** Whether an IPv6 socket takes connections of both families. */
  readonly ipv6: boolean;
  /** Bytes free where the programs go. */
  readonly freeBytes: number;
  /** Whose host it is; undefined when no control plane has it. */
  readonly claim: { readonly hostId: string; readonly authority?: string } | undefined;
  /** Whether an agent there has a certificate. */
  readonly enrolled: boolean;
  /** Packages of the list that are installed. */
  readonly installed: ReadonlySet<string>;
}

const SYSTEMS = ['debian 12', 'debian 13', 'ubuntu 24.04'];
const MACHINE = 'x86_64';
const NEEDED_BYTES = 400 * 1024 * 1024;

const SURVEY = `
. /etc/os-release
echo "system=$ID \${VERSION_ID:-}"
echo "name=\${PRETTY_NAME:-$ID}"
echo "machine=$(uname -m)"
[ -f /proc/net/if_inet6 ] && [ "$(cat /proc/sys/net/ipv6/bindv6only 2>/dev/null)" = 0 ] && echo ipv6=1
[ -d /opt ] && place=/opt || place=/
echo "free=$(df -Pk "$place" | awk 'NR == 2 { print $4 }')"
[ -f ${HOST_PATHS.claim} ] && echo "claim=$(tr '\\n' ' ' < ${HOST_PATHS.claim})"
[ -f ${HOST_PATHS.state}/identity.json ] && echo enrolled=1
[ $# = 0 ] || dpkg-query -W -f='package=\${Package} \${db:Status-Status}\\n' "$@" 2>/dev/null || true
`;

/** Looks at a host. */
export async function surveyHost(shell: RemoteShell, packages: readonly string[]): Promise<HostSurvey> {
  const text = await shell.run(SURVEY, packages, { what: 'looking at the system' });
  const pairs = text.split('\n').map((line): [string, string] => {
    const at = line.indexOf('=');
    return [line.slice(0, Math.max(at, 0)), line.slice(at + 1)];
  });
  const facts = new Map(pairs);
  const [hostId, authority] = (facts.get('claim') ?? '').trim().split(' ');
  const installed = pairs
    .filter(([key, value]) => key === 'package' && value.endsWith(' installed'))
    .map(([, value]) => value.split(' ')[0] ?? '');
  return {
    system: facts.get('system') ?? '',
    systemName: facts.get('name') ?? 'an unknown system',
    machine: facts.get('machine') ?? '',
    ipv6: facts.get('ipv6') === '1',
    freeBytes: Number(facts.get('free') ?? 0) * 1024,
    claim: hostId ? { hostId, ...(authority ? { authority } : {}) } : undefined,
    enrolled: facts.get('enrolled') === '1',
    installed: new Set(installed),
  };
}

/**
 * Checks that the host can be one.
 *
 * @throws DurastackError STEP_REFUSED naming what is in the way
 */
export function checkSurvey(survey: HostSurvey, where: string): void {
  const refuse = (why: string): never => {
    throw new DurastackError('STEP_REFUSED', `${where} cannot be a host: ${why}`);
  };
  if (!SYSTEMS.includes(survey.system))
    refuse(`it runs ${survey.systemName}; Debian 12, Debian 13 and Ubuntu 24.04 are supported.`);
  if (survey.machine !== MACHINE) refuse(`its processor is ${survey.machine}; ${MACHINE} is supported.`);
  if (survey.freeBytes < NEEDED_BYTES) {
    const mib = (bytes: number): number => Math.floor(bytes / 1024 / 1024);
    refuse(`/opt has ${mib(survey.freeBytes)} MiB free; ${mib(NEEDED_BYTES)} MiB are needed.`);
  }
}

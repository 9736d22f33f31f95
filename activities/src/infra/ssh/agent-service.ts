/** The agent as a service of its host: under systemd, or as a plain process where systemd does not run. */
import { AGENT_PORT } from '@durastack/contracts/agent/wire';
import { AGENT_UNIT, agentEnvironment, HOST_PATHS, NO_GUESTS_AT_BOOT } from './agent-layout.js';
import { writeSmallFile } from './remote-file.js';
import type { RemoteShell } from './remote-shell.js';

const START_TIMEOUT_S = 22;

/** `agent` and `libvirtd` are told by their command lines: a pid alone may belong to another process by now. */
const FUNCTIONS = `
systemd() { [ -d /run/systemd/system ]; }
agent() {
  [ -s ${HOST_PATHS.pidFile} ] || return 1
  cat "/proc/$(cat ${HOST_PATHS.pidFile})/cmdline" 2>/dev/null | tr '\\0' '\\n' | grep -qxF ${HOST_PATHS.bundle}
}
stop_agent() {
  if systemd; then
    [ ! -f ${HOST_PATHS.unit} ] || systemctl stop durastack-agent.service
    return 0
  fi
  agent || return 0
  pid=$(cat ${HOST_PATHS.pidFile})
  kill "$pid"
  for try in $(seq 100); do agent || return 0; sleep 0.1; done
  kill -9 "$pid"
}
`;

const CONFIGURE = `
mkdir -p ${HOST_PATHS.programs}
mkdir -p -m 700 ${HOST_PATHS.settings} ${HOST_PATHS.state}
chmod 700 ${HOST_PATHS.settings} ${HOST_PATHS.state}
mkdir -p ${HOST_PATHS.machines}
chmod 711 ${HOST_PATHS.data} ${HOST_PATHS.machines}
`;

/** Makes the agent's folders. */
export async function makeFolders(shell: RemoteShell): Promise<void> {
  await shell.run(CONFIGURE, [], { what: 'making folders' });
}

/** Writes settings, the unit, and what keeps the host from starting machines by itself. */
export async function describeService(shell: RemoteShell, { ipv6 }: { ipv6: boolean }): Promise<void> {
  await writeSmallFile(shell, { to: HOST_PATHS.environment, mode: '600', content: agentEnvironment({ ipv6 }) });
  await shell.run('mkdir -p "$(dirname "$1")"', [HOST_PATHS.guestsAtBoot], { what: 'making folders' });
  await writeSmallFile(shell, { to: HOST_PATHS.unit, mode: '644', content: AGENT_UNIT });
  await writeSmallFile(shell, { to: HOST_PATHS.guestsAtBoot, mode: '644', content: NO_GUESTS_AT_BOOT });
  const enable = `${FUNCTIONS}
if systemd; then systemctl daemon-reload; systemctl enable -q durastack-agent.service; fi`;
  await shell.run(enable, [], { what: 'registering the service' });
}

/**
 * Says whether libvirt answers on the socket that the agent uses, and starts it when it does not. The very first answer
 * takes seconds.
 */
const LIBVIRT = `${FUNCTIONS}
answers() { timeout 15 virsh -q -c qemu:///system uri > /dev/null 2>&1; }
wait_for_libvirt() { for try in $(seq 40); do answers && exit 0; sleep 0.5; done; }
answers && exit 0
if systemd; then
  systemctl enable -q --now libvirtd.socket || systemctl enable -q --now virtqemud.socket virtproxyd.socket
  wait_for_libvirt
  systemctl status --no-pager -n 5 libvirtd.service >&2 || true
else
  [ -S /run/libvirt/virtlogd-sock ] || virtlogd -d
  libvirtd -d
  wait_for_libvirt
fi
echo 'libvirt (qemu:///system) does not answer' >&2
exit 1
`;

/** Starts the system's libvirt unless it answers already. */
export async function startLibvirt(shell: RemoteShell): Promise<void> {
  await shell.run(LIBVIRT, [], { what: 'starting libvirt', timeoutS: START_TIMEOUT_S });
}

/** Starts it anew and waits until it listens; machines run on. */
const START = `${FUNCTIONS}
listens() { [ -n "$(ss -Hltn "sport = :$1")" ]; }
if systemd; then
  systemctl reset-failed durastack-agent.service 2>/dev/null || true
  systemctl restart durastack-agent.service
else
  stop_agent
  (
    set -a; . ${HOST_PATHS.environment}; set +a
    cd /
    setsid ${HOST_PATHS.node} ${HOST_PATHS.bundle} < /dev/null >> ${HOST_PATHS.log} 2>&1 &
    echo $! > ${HOST_PATHS.pidFile}
  )
  sleep 0.2
fi
for try in $(seq 200); do
  listens "$1" && exit 0
  if systemd; then ! systemctl is-failed -q durastack-agent.service || break; else agent || break; fi
  sleep 0.1
done
echo "the agent does not listen on port $1" >&2
if systemd; then journalctl -q -u durastack-agent.service -n 4 -o cat --no-pager >&2; else tail -n 4 ${HOST_PATHS.log} >&2; fi
exit 1
`;

/** Starts the agent, or starts it again with what was installed since. */
export async function startAgent(shell: RemoteShell): Promise<void> {
  const what = 'starting the agent';
  await shell.run(START, [String(AGENT_PORT)], { what, timeoutS: START_TIMEOUT_S });
}

/** Its identity goes; what machines need (disks, seeds, logs) stays. */
const FORGET = `
cd ${HOST_PATHS.state} 2>/dev/null && rm -f identity.json pending-key.json enrolment-certificate.json enrol-fingerprint
`;

/** Stops the agent and takes its identity, for a new enrolment. */
export async function dropIdentity(shell: RemoteShell): Promise<void> {
  await shell.run(`${FUNCTIONS}\nstop_agent\n(${FORGET}) || true`, [], { what: 'dropping the earlier enrolment' });
}

const REMOVE = `${FUNCTIONS}
stop_agent
if [ -f ${HOST_PATHS.unit} ]; then
  if systemd; then systemctl disable -q durastack-agent.service; fi
  rm -f ${HOST_PATHS.unit} ${HOST_PATHS.guestsAtBoot}
  rmdir "$(dirname ${HOST_PATHS.guestsAtBoot})" 2>/dev/null || true
  if systemd; then systemctl daemon-reload; fi
fi
(${FORGET}) || true
rm -rf ${HOST_PATHS.programs} ${HOST_PATHS.packageJob}
rm -f ${HOST_PATHS.pidFile} ${HOST_PATHS.log}
rm -rf ${HOST_PATHS.settings}
rmdir ${HOST_PATHS.state}/* ${HOST_PATHS.state} ${HOST_PATHS.machines}/* ${HOST_PATHS.machines} 2>/dev/null || true
rmdir ${HOST_PATHS.data} /opt/durastack 2>/dev/null || true
`;

/** Takes the installation back. Packages, machines, disks and images stay. */
export async function removeAgent(shell: RemoteShell): Promise<void> {
  await shell.run(REMOVE, [], { what: 'removing the agent', timeoutS: START_TIMEOUT_S });
}

/** Runs one of the agent's own commands for enrolment. */
export async function runAgentCommand(
  shell: RemoteShell,
  args: readonly string[],
  options: { readonly what: string; readonly input?: string },
): Promise<string> {
  const script = `DURASTACK_AGENT_DIR=${HOST_PATHS.state} exec ${HOST_PATHS.node} ${HOST_PATHS.bundle} "$@"`;
  return shell.run(script, args, { ...options, timeoutS: START_TIMEOUT_S });
}

/** Where everything of the agent lies on a host that addHost installed, and the two files that describe its service. */
import { AGENT_PORT } from '@durastack/contracts/agent/wire';

/** Paths on the host. Fixed: scripts carry them unquoted. */
export const HOST_PATHS = {
  programs: '/opt/durastack/agent',
  node: '/opt/durastack/agent/node',
  bundle: '/opt/durastack/agent/agent.mjs',
  settings: '/etc/durastack',
  environment: '/etc/durastack/agent.env',
  /** Whose host this is: its id, then the fingerprint of the authority that enrolled it. */
  claim: '/etc/durastack/host',
  /** Parent of the two below. */
  data: '/var/lib/durastack',
  /** Identity, ledger and tasks: private to the agent. */
  state: '/var/lib/durastack/agent',
  /** The machines' small files and the networks: the user that QEMU runs as passes through it. */
  machines: '/var/lib/durastack/host',
  unit: '/etc/systemd/system/durastack-agent.service',
  /** What the host must not do by itself; see {@link NO_GUESTS_AT_BOOT}. */
  guestsAtBoot: '/etc/systemd/system/libvirt-guests.service.d/durastack.conf',
  pidFile: '/run/durastack-agent.pid',
  log: '/var/log/durastack-agent.log',
  packageJob: '/var/lib/durastack/packages',
  libvirtSocket: '/run/libvirt/libvirt-sock',
} as const;

/** The agent's settings on a host; `key=value` lines that systemd and a shell read alike. */
export function agentEnvironment({ ipv6 }: { ipv6: boolean }): string {
  return [
    '# Written by addHost; overwritten when the agent is installed again.',
    `DURASTACK_AGENT_DIR=${HOST_PATHS.state}`,
    `DURASTACK_AGENT_STATE_DIR=${HOST_PATHS.machines}`,
    `DURASTACK_AGENT_LISTEN=${ipv6 ? '[::]' : '0.0.0.0'}:${AGENT_PORT}`,
    'DURASTACK_AGENT_DRIVER=libvirt',
    `DURASTACK_LIBVIRT_SOCKET=${HOST_PATHS.libvirtSocket}`,
    '',
  ].join('\n');
}

/**
 * The agent's systemd unit.
 *
 * The agent mounts, makes bridges and namespaces and starts DHCP servers that outlive it, so: no mount namespace of
 * its own (what it mounts must be seen by libvirt), and its children are left alone when it ends. What it never needs
 * (kernel modules, raw I/O, the clock, a reboot, other users' privileges by set-uid programs) is taken from it.
 */
export const AGENT_UNIT = `# Written by addHost; overwritten when the agent is installed again.
[Unit]
Description=Durastack host agent
After=network-online.target libvirtd.service libvirtd.socket virtqemud.socket
Wants=network-online.target
ConditionPathExists=${HOST_PATHS.state}/identity.json

[Service]
Type=simple
EnvironmentFile=${HOST_PATHS.environment}
ExecStart=${HOST_PATHS.node} ${HOST_PATHS.bundle}
WorkingDirectory=/
Restart=always
RestartSec=1
KillMode=process
TimeoutStopSec=80
LimitNOFILE=65536
TasksMax=infinity
OOMScoreAdjust=-500
NoNewPrivileges=yes
LockPersonality=yes
RestrictRealtime=yes
SystemCallArchitectures=native
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK AF_PACKET
CapabilityBoundingSet=~CAP_SYS_MODULE CAP_SYS_RAWIO CAP_SYS_TIME CAP_SYS_BOOT CAP_MAC_ADMIN CAP_MAC_OVERRIDE CAP_AUDIT_CONTROL CAP_AUDIT_WRITE CAP_SYSLOG CAP_WAKE_ALARM CAP_BLOCK_SUSPEND CAP_LINUX_IMMUTABLE

[Install]
WantedBy=multi-user.target
`;

/**
 * `libvirt-guests` may be set to resume at boot what ran at shutdown (`ON_BOOT=start`, libvirt-guests(8)). A host that was
 * away comes back to machines that were started on another one.
 */
export const NO_GUESTS_AT_BOOT = `# Written by addHost: machines of a cloud are started by their cloud alone.
[Service]
ExecStart=
ExecStart=/bin/true
`;

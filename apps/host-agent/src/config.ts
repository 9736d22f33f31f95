import { listenAddress } from '@durastack/kit/config/load-config';
import { z } from 'zod';

const absolutePath = z.string().regex(/^\//, 'expected an absolute path');

/** The agent's settings; see docs/operations.md. */
export const agentConfig = z.object({
  instance: z
    .string()
    .regex(/^[a-z0-9-]{1,8}$/, 'expected 1 to 8 of a-z, 0-9 and -')
    .default('dura')
    .describe('Name of the instance, carried by everything it makes on the machine'),
  logLevel: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace'])
    .default('info')
    .describe('Least severity that is logged'),
  agentDir: absolutePath.describe('Directory of identity, ledger and tasks; private to the agent'),
  agentStateDir: absolutePath
    .optional()
    .describe("Directory of machines' small files and networks, default DURASTACK_AGENT_DIR; QEMU must reach it"),
  agentListen: listenAddress.describe('host:port where the control plane calls it'),
  agentDriver: z.enum(['libvirt', 'simulator']).default('libvirt').describe('What the host runs machines with'),
  agentEnrolTokenFile: absolutePath
    .optional()
    .describe('File with the secret that an enrolment must show; without it an agent not yet enrolled does not start'),
  agentMaintenanceHooksDir: absolutePath
    .optional()
    .describe("Directory of the owner's scripts for maintenance, default /etc/durastack/maintenance.d"),
  agentWatchdogDevice: absolutePath
    .optional()
    .describe(
      'Hardware watchdog that restarts the host when the control plane has been away for too long; none without',
    ),
  agentWatchdogPeriodMs: z.coerce
    .number()
    .int()
    .min(1_000)
    .max(3_600_000)
    .optional()
    .describe('After how many milliseconds without being fed it acts, where the kernel does not tell'),
  agentWatchdogLeaseMs: z.coerce
    .number()
    .int()
    .min(10_000)
    .max(86_400_000)
    .default(600_000)
    .describe('For how many milliseconds after an answered heartbeat it is fed: a longer absence restarts the host'),
  libvirtSocket: absolutePath.default('/run/libvirt/libvirt-sock').describe("libvirt's socket"),
  ovsRunDir: absolutePath
    .optional()
    .describe("Directory of Open vSwitch's sockets, where it is not the system's; libvirt must use the same switch"),
  simulatorLatencyMs: z.coerce
    .number()
    .int()
    .min(0)
    .max(600_000)
    .default(0)
    .describe('Milliseconds that every simulated effect takes'),
  simulatorTransferMs: z.coerce
    .number()
    .int()
    .min(0)
    .max(3_600_000)
    .default(0)
    .describe('Milliseconds that a simulated fetch or copy of an image takes'),
  simulatorShutdownMs: z.coerce
    .number()
    .int()
    .min(0)
    .max(3_600_000)
    .default(50)
    .describe('Milliseconds that a simulated guest takes to obey its power button'),
  simulatorAdminListen: listenAddress
    .refine(({ host }) => host === '127.0.0.1' || host === '::1', 'must be on loopback')
    .optional()
    .describe('Loopback host:port where simulated faults and events are asked for'),
  simulatorEffectsFile: absolutePath
    .optional()
    .describe('File where simulated hosts note what happened on them, for tests that judge it'),
});
/** See {@link agentConfig}. */
export type AgentConfig = z.infer<typeof agentConfig>;

/** What the subcommands need. */
export const agentDirectoryConfig = agentConfig.pick({ agentDir: true });

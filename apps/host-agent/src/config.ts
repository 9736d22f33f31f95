import { listenAddress } from '@durastack/kit/config/load-config';
import { z } from 'zod';

const absolutePath = z.string().regex(/^\//, 'expected an absolute path');

/** The agent's settings; see docs/operations.md. */
export const agentConfig = z.object({
  /** Name of the instance, carried by everything it makes on the machine. */
  instance: z
    .string()
    .regex(/^[a-z0-9-]{1,8}$/, 'expected 1 to 8 of a-z, 0-9 and -')
    .default('dura'),
  logLevel: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace']).default('info'),
  /** Identity, ledger and tasks; private to the agent. */
  agentDir: absolutePath,
  agentListen: listenAddress,
  agentDriver: z.enum(['libvirt', 'simulator']).default('libvirt'),
  /** File with the secret that an enrolment must show; without it an agent that is not enrolled does not start. */
  agentEnrolTokenFile: absolutePath.optional(),
  libvirtSocket: absolutePath.default('/run/libvirt/libvirt-sock'),
  /** Milliseconds that every simulated effect takes. */
  simulatorLatencyMs: z.coerce.number().int().min(0).max(600_000).default(0),
  /** Milliseconds that a simulated fetch or copy of an image takes, with progress. */
  simulatorTransferMs: z.coerce.number().int().min(0).max(3_600_000).default(0),
  /** Loopback address where simulated faults and events are asked for; nowhere when not set. */
  simulatorAdminListen: listenAddress
    .refine(({ host }) => host === '127.0.0.1' || host === '::1', 'must be on loopback')
    .optional(),
});
/** See {@link agentConfig}. */
export type AgentConfig = z.infer<typeof agentConfig>;

/** What the subcommands need. */
export const agentDirectoryConfig = agentConfig.pick({ agentDir: true });

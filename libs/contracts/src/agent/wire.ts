/**
 * The agent's HTTPS contract.
 *
 * Agent side (served by the agent, client certificate `control-plane` required):
 * - `POST /v1/verbs/<verb>`  body {@link verbRequest} → the verb's result; long verbs → {@link TaskStatus}
 * - `POST /v1/tasks/cancel`  body {@link taskCancelRequest} → {@link TaskStatus}; returns once the task has stopped
 * - `POST /v1/control-epoch`  body {@link controlEpochRequest} → {@link controlEpochReply}
 * - `GET  /v1/health`
 * - `GET  /v1/console/<vmId>` websocket: raw RFB bytes of the machine's VNC socket
 * - errors: {@link agentError} with the HTTP status of its code
 *
 * Control-plane side (served by any API instance on the agent listener, client certificate `host:<id>`):
 * - `POST /agent/v1/heartbeat` body {@link heartbeat} → {@link heartbeatReply}
 *
 * Certificates name their holder by a DNS name: {@link hostCertificateName} for hosts,
 * {@link CONTROL_PLANE_NAME} for the control plane; the subject's CN is the same text.
 */
import { z } from 'zod';
import { hostFacts, id, observedVm } from './specs.js';
import { agentToken } from './token.js';

/** Where an agent listens that addHost installed. */
export const AGENT_PORT = 8950;

/** DNS name in the control plane's certificates. */
export const CONTROL_PLANE_NAME = 'control-plane.durastack.internal';

/** DNS name in a host's certificate; callers use it as TLS server name, whatever the address. */
export function hostCertificateName(hostId: string): string {
  return `${hostId}.host.durastack.internal`;
}

/** The host id of a certificate name; undefined for any other name. */
export function hostIdOfCertificate(name: string): string | undefined {
  return /^([0-9a-f-]{36})\.host\.durastack\.internal$/.exec(name)?.[1];
}

/** Body of a verb call. `token` is required unless the verb only reads. `taskKey` is required for long verbs. */
export const verbRequest = z.object({
  token: agentToken.optional(),
  taskKey: z.string().max(120).optional(),
  /** The boot of the host that the caller knows: in another one the verb does nothing. */
  bootId: z.string().max(64).optional(),
  /** Of a long verb: the answer may wait for its end for so long, instead of for the agent's own moment. */
  waitMs: z.int().min(0).max(2_000).optional(),
  params: z.unknown(),
});
/** See {@link verbRequest}. */
export type VerbRequest = z.infer<typeof verbRequest>;

/** Cancels the running task of that key, and refuses a later start under a token older than this. */
export const taskCancelRequest = z.object({
  taskKey: z.string().max(120),
  resource: z.string().max(200),
  token: agentToken,
});

/**
 * From now on only this control epoch counts on the host: what runs under an older one is stopped, and nothing of it
 * is let in any more. Answers when that is on the disk. An epoch older than the host's changes nothing.
 */
export const controlEpochRequest = z.object({ controlEpoch: z.int().min(0) });

/** What a host says to {@link controlEpochRequest}. */
export const controlEpochReply = z.object({
  /** The epoch that counts there now; higher than the one asked for when another control plane came before. */
  controlEpoch: z.int().min(0),
  incarnation: z.int(),
  /** Hexadecimal serial number of the certificate that the host shows. */
  certificateSerial: z.string().max(64),
});
/** See {@link controlEpochReply}. */
export type ControlEpochReply = z.infer<typeof controlEpochReply>;

/** Error body of the agent. */
export const agentError = z.object({ code: z.string(), message: z.string() });

/** Processors in MHz, memory in MiB. */
const measuredUse = z.object({
  cpuMhz: z
    .number()
    .min(0)
    .max(2 ** 31 - 1),
  memoryMib: z
    .number()
    .min(0)
    .max(2 ** 31 - 1),
});

/** Sent every few seconds, and at once when a power state changed. */
export const heartbeat = z.object({
  hostId: id,
  /** Rises with every enrolment; an older one is refused. */
  incarnation: z.int(),
  /** The agent process's own count, to spot lost or reordered ones. */
  sequence: z.int(),
  facts: hostFacts,
  /** All machines in full (`full`), or only those that changed since the last one. */
  full: z.boolean(),
  vms: z.array(observedVm),
  /**
   * The newest that the host was ever told: its control epoch, and the highest generation seen under it. A database
   * that has given out less was restored from a backup.
   */
  newest: z.object({ controlEpoch: z.int().min(0), generation: z.int().min(0) }).optional(),
  /**
   * A hardware watchdog is armed: without being fed it starts the host anew within `periodMs`, and it is fed for
   * `leaseMs` at the longest after the host has sent a heartbeat that was answered.
   */
  watchdog: z
    .object({ periodMs: z.int().min(1_000).max(3_600_000), leaseMs: z.int().min(10_000).max(86_400_000) })
    .optional(),
  /** Measured use. */
  usage: z
    .object({
      cpuPercent: z.number().min(0).max(1e6),
      memoryUsedMib: z
        .number()
        .min(0)
        .max(2 ** 40),
    })
    .optional(),
  /** Every few minutes: what the host and its machines used of late, averaged by the agent over a window. */
  use: z
    .object({
      ...measuredUse.shape,
      machines: z.array(measuredUse.extend({ id })).max(2_000),
    })
    .optional(),
  /** Pools the host knows, with their measured sizes. */
  pools: z
    .array(
      z.object({
        id,
        capacityBytes: z.int().min(0),
        availableBytes: z.int().min(0),
        /** Of an rbd pool: the addresses by which this host's clients are known to its cluster. */
        addresses: z
          .array(z.union([z.ipv4(), z.ipv6()]))
          .max(16)
          .readonly()
          .optional(),
        /** Of a directory that hosts share: the mount on which it lies; another text after each change of it. */
        mount: z.string().max(255).optional(),
      }),
    )
    .optional(),
});
/** See {@link heartbeat}. */
export type Heartbeat = z.infer<typeof heartbeat>;

/** Answer to a heartbeat. */
export const heartbeatReply = z.object({ intervalMs: z.int(), wantFull: z.boolean() });
/** See {@link heartbeatReply}. */
export type HeartbeatReply = z.infer<typeof heartbeatReply>;

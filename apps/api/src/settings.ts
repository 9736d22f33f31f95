import { heartbeatInterval, listenAddress } from '@durastack/kit/config/load-config';
import { z } from 'zod';

const STARTED = 'Accepted because the worker has it, which starts operations';
const SHARED = 'Accepted because the worker has it: the API never calls Temporal';

/** The API's settings; each is an environment variable, see `loadConfig`. */
export const apiSettings = z.object({
  instance: z
    .string()
    .regex(/^[a-z0-9-]{1,8}$/, 'expected 1 to 8 of a-z, 0-9 and -')
    .default('dura')
    .describe('Name of this instance; bridges, domains and certificates carry it'),
  logLevel: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
    .default('info')
    .describe('Least severity that is logged'),
  databaseUrl: z.string().describe('mysql://user:password@host:port/database'),
  dataKeyFile: z.string().describe('File with the data-encryption key, which seals secrets: 32 bytes in base64'),
  apiListen: listenAddress.describe('host:port of the API'),
  intakeListen: listenAddress
    .optional()
    .describe('host:port where agents report, with mutual TLS; without it none can report to this process'),
  heartbeatIntervalMs: heartbeatInterval.describe(
    "Milliseconds between heartbeats, 500 to 60000, as agents are told; the worker's setting must be the same",
  ),
  apiPublicUrl: z.url().optional().describe('How clients reach the API; its listen address when not set'),
  temporalUiUrl: z.url().optional().describe("Temporal's web UI, linked from operations"),
  temporalAddress: z.string().optional().describe(SHARED),
  temporalNamespace: z.string().optional().describe(SHARED),
  temporalTlsCaFile: z.string().optional().describe(SHARED),
  temporalTlsCertFile: z.string().optional().describe(SHARED),
  temporalTlsKeyFile: z.string().optional().describe(SHARED),
  operationsAtOnce: z.string().optional().describe(STARTED),
  operationsReserved: z.string().optional().describe(STARTED),
  operationsPerHost: z.string().optional().describe(STARTED),
  operationsPerSilentHost: z.string().optional().describe(STARTED),
});

/** See {@link apiSettings}. */
export type ApiSettings = z.infer<typeof apiSettings>;

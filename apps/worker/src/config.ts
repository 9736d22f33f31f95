import { heartbeatInterval, listenAddress } from '@durastack/kit/config/load-config';
import { z } from 'zod';

const commaList = z
  .string()
  .default('')
  .transform((text) =>
    text
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== ''),
  );

/** The worker's settings; the variable of `databaseUrl` is `DURASTACK_DATABASE_URL`. */
export const workerConfig = z.object({
  instance: z
    .string()
    .regex(/^[a-z0-9-]{1,8}$/, 'expected 1 to 8 of a-z, 0-9 and hyphen')
    .default('dura')
    .describe('Name of this instance; part of every name on hosts'),
  logLevel: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal'])
    .default('info')
    .describe('Least severity that is logged'),
  databaseUrl: z.string().min(1).describe('mysql://user:password@host:port/database'),
  dataKeyFile: z.string().min(1).describe('File with the data-encryption key: 32 bytes in base64'),
  temporalAddress: z.string().min(1).describe('host:port of the Temporal frontend'),
  temporalNamespace: z.string().min(1).default('default').describe('Temporal namespace'),
  temporalTlsCaFile: z.string().optional().describe('CA of the Temporal frontend; sets TLS on'),
  temporalTlsCertFile: z.string().optional().describe('Client certificate for Temporal'),
  temporalTlsKeyFile: z.string().optional().describe('Key of the client certificate'),
  workerListen: listenAddress
    .default({ host: '127.0.0.1', port: 0 })
    .describe('host:port of /health, /metrics and /hint'),
  intakeUrl: z
    .string()
    .regex(/^https:\/\//, 'expected an https URL')
    .describe('Where host agents report to'),
  imagePrivateCidrs: commaList.describe('Private networks that images may be fetched from, comma-joined'),
  volumeCopyMibPerSecond: z.coerce
    .number()
    .int()
    .min(1)
    .optional()
    .describe('MiB per second at which one volume is copied to another pool at most'),
  operationsAtOnce: z.coerce
    .number()
    .int()
    .min(2)
    .max(10_000)
    .default(500)
    .describe('Operations that run at once, not counting those on hosts that do not answer'),
  operationsActive: z.coerce
    .number()
    .int()
    .min(1)
    .default(100)
    .describe('Of these, at work at once: not those that wait for a host or a guest'),
  operationsReserved: z.coerce
    .number()
    .int()
    .min(1)
    .default(50)
    .describe('Of these, kept for undoing and for what runs again'),
  operationsPerHost: z.coerce.number().int().min(1).default(16).describe('Operations that run at once on one host'),
  operationsPerSilentHost: z.coerce
    .number()
    .int()
    .min(1)
    .default(1)
    .describe('As before, on a host that does not answer at present, or was not asked lately'),
  doctorIntervalMs: z.coerce
    .number()
    .int()
    .min(1_000)
    .default(60_000)
    .describe('Milliseconds from one check of the doctor to the next'),
  heartbeatIntervalMs: heartbeatInterval.describe('Milliseconds between heartbeats, 500 to 60000'),
});
/** See {@link workerConfig}. */
export type WorkerConfig = z.infer<typeof workerConfig>;

import { listenAddress } from '@durastack/kit/config/load-config';
import { z } from 'zod';

/** The API's settings; each is an environment variable, see `loadConfig`. */
export const apiSettings = z.object({
  /** Name of this instance of the product: bridges, domains and certificates carry it. */
  instance: z
    .string()
    .regex(/^[a-z0-9-]{1,8}$/, 'expected 1 to 8 of a-z, 0-9 and -')
    .default('dura'),
  logLevel: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  databaseUrl: z.string(),
  /** 32 bytes in base64; secrets in the database are sealed with it. */
  dataKeyFile: z.string(),
  apiListen: listenAddress,
  /** Where agents report, with mutual TLS. Without it no agent can report to this process. */
  intakeListen: listenAddress.optional(),
  /** How clients reach the API; the address of `apiListen` when not given. */
  apiPublicUrl: z.url().optional(),
  /** Named in operations' links. */
  temporalUiUrl: z.url().optional(),
  // The API never calls Temporal; the settings are shared with the worker, so they are accepted.
  temporalAddress: z.string().optional(),
  temporalNamespace: z.string().optional(),
  temporalTlsCaFile: z.string().optional(),
  temporalTlsCertFile: z.string().optional(),
  temporalTlsKeyFile: z.string().optional(),
});

/** See {@link apiSettings}. */
export type ApiSettings = z.infer<typeof apiSettings>;

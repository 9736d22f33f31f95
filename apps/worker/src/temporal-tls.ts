import { readFileSync } from 'node:fs';
import type { WorkerConfig } from './config.js';

/** The TLS options of a connection to Temporal; none without a CA. */
export function temporalTls(config: WorkerConfig) {
  if (!config.temporalTlsCaFile) return {};
  const client =
    config.temporalTlsCertFile && config.temporalTlsKeyFile
      ? {
          clientCertPair: {
            crt: readFileSync(config.temporalTlsCertFile),
            key: readFileSync(config.temporalTlsKeyFile),
          },
        }
      : {};
  return { tls: { serverRootCACertificate: readFileSync(config.temporalTlsCaFile), ...client } };
}

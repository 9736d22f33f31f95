import { pino, stdSerializers, type Logger as PinoLogger } from 'pino';

/** What programs log to. */
export type Logger = PinoLogger;

/** Paths that never reach a log, wherever they occur in a record's first two levels. */
const SECRET_KEYS = [
  'password',
  'secretKey',
  'secretkey',
  'signature',
  'sessionKey',
  'sessionkey',
  'userData',
  'userdata',
  'privateKey',
  'authorization',
  'cookie',
  'token',
];

/**
 * A logger of JSON lines on standard output.
 *
 * @param name the program, e.g. `api`
 * @param level pino's level names
 */
export function createLogger(name: string, level = 'info'): Logger {
  return pino({
    name,
    level,
    base: { name, pid: process.pid },
    serializers: { error: stdSerializers.err },
    redact: { paths: SECRET_KEYS.flatMap((key) => [key, `*.${key}`]), censor: '[secret]' },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
  });
}

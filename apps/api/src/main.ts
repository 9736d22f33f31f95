/** `node apps/api/dist/main.js`: the API. Settings are environment variables; see `settings`. */
import { asDurastackError } from '@durastack/contracts/errors';
import { loadConfig } from '@durastack/kit/config/load-config';
import { createLogger } from '@durastack/kit/log/logger';
import { createApi } from './boot.js';
import { apiSettings } from './settings.js';

async function start(): Promise<void> {
  const settings = loadConfig(apiSettings, process.env);
  const log = createLogger('api', settings.logLevel);
  const api = await createApi(settings, log);
  const { host, port } = settings.apiListen;
  await api.app.listen(port, host);
  log.info({ host, port, commands: api.registry.all().length }, 'listening');
  const stop = (signal: string) => {
    log.info({ signal }, 'stopping');
    api.close().then(
      () => process.exit(0),
      (error: unknown) => {
        log.error({ error }, 'the shutdown failed');
        process.exit(1);
      },
    );
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}

start().catch((error: unknown) => {
  process.stderr.write(`${asDurastackError(error).message.replace(/\s*\n\s*/g, ' ')}\n`);
  process.exit(2);
});

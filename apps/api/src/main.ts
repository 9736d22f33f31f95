/** `node apps/api/dist/main.js`: the API. Settings are environment variables; see `settings`. */
import { asDurastackError, DurastackError } from '@durastack/contracts/errors';
import { loadConfig, type ListenAddress } from '@durastack/kit/config/load-config';
import { createLogger } from '@durastack/kit/log/logger';
import { createApi, type Api } from './boot.js';
import { startIntake, type Intake } from './intake/intake-server.js';
import { apiSettings } from './settings.js';

async function start(): Promise<void> {
  const settings = loadConfig(apiSettings, process.env);
  const log = createLogger('api', settings.logLevel);
  const api = await createApi(settings, log);
  const { host, port } = settings.apiListen;
  const intake = settings.intakeListen && (await startIntake(api.platform, settings.intakeListen));
  await listen(api, settings.apiListen);
  log.info({ host, port, intakePort: intake?.port, commands: api.registry.all().length }, 'listening');
  const stop = (signal: string) => {
    log.info({ signal }, 'stopping');
    stopAll(api, intake).then(
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

async function listen(api: Api, { host, port }: ListenAddress): Promise<void> {
  try {
    await api.app.listen(port, host);
  } catch (cause) {
    const { code = 'unknown fault' } = cause as NodeJS.ErrnoException;
    throw new DurastackError('ENVIRONMENT', `The API cannot listen on ${host}:${port} (${code}).`, { cause });
  }
}

async function stopAll(api: Api, intake: Intake | undefined): Promise<void> {
  await intake?.close();
  await api.close();
}

start().catch((error: unknown) => {
  process.stderr.write(`${asDurastackError(error).message.replace(/\s*\n\s*/g, ' ')}\n`);
  process.exit(2);
});

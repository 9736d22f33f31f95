/** The host agent. Without arguments it serves; `csr` and `install-certificate` enrol it over SSH. */
import { text } from 'node:stream/consumers';
import { asDurastackError, DurastackError } from '@durastack/contracts/errors';
import { loadConfig } from '@durastack/kit/config/load-config';
import { createLogger } from '@durastack/kit/log/logger';
import { startAgent } from './agent.js';
import { csrCommand, installCertificateCommand } from './commands/enrolment-commands.js';
import { agentConfig, agentDirectoryConfig } from './config.js';
import { makeLibvirtDriver } from './drivers/libvirt.js';

async function serve(): Promise<void> {
  const config = loadConfig(agentConfig, process.env);
  const log = createLogger('agent', config.logLevel);
  const agent = await startAgent(config, log, makeLibvirtDriver);
  let stopping: Promise<void> | undefined;
  const stop = (signal: string): void => {
    log.info({ signal }, 'stopping; machines run on');
    stopping ??= agent.stop().then(() => process.exit(0));
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

async function main([command, ...args]: readonly string[]): Promise<void> {
  if (command === undefined) return serve();
  const { agentDir } = loadConfig(agentDirectoryConfig, { DURASTACK_AGENT_DIR: process.env['DURASTACK_AGENT_DIR'] });
  if (command === 'csr') process.stdout.write(await csrCommand(agentDir, args));
  else if (command === 'install-certificate') await installCertificateCommand(agentDir, await text(process.stdin));
  else throw new DurastackError('INVALID_INPUT', `Unknown command ${command}; known: csr, install-certificate.`);
}

main(process.argv.slice(2)).catch((error: unknown) => {
  const { code, message } = asDurastackError(error);
  process.stderr.write(`durastack agent: ${message} (${code})\n`);
  process.exit(1);
});

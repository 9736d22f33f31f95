import type { StartWishes } from '../instance/start.js';
import { parsePort } from './arguments.js';

/** The flags of every command that starts a cloud; see help.txt. */
export const START_OPTIONS = {
  'api-port': { type: 'string' },
  'temporal-ui-port': { type: 'string' },
  listen: { type: 'string' },
  'no-vm': { type: 'boolean' },
} as const;

/** Flags of {@link START_OPTIONS}, or the environment's variables in their place. */
export function startWishes(values: {
  'api-port'?: string;
  'temporal-ui-port'?: string;
  listen?: string;
}): StartWishes {
  const { env } = process;
  const api = parsePort(values['api-port'], '--api-port') ?? parsePort(env['DURASTACK_API_PORT'], 'DURASTACK_API_PORT');
  const temporalUi =
    parsePort(values['temporal-ui-port'], '--temporal-ui-port') ??
    parsePort(env['DURASTACK_TEMPORAL_UI_PORT'], 'DURASTACK_TEMPORAL_UI_PORT');
  const listen = values.listen ?? env['DURASTACK_LISTEN'];
  const ports = { ...(api === undefined ? {} : { api }), ...(temporalUi === undefined ? {} : { temporalUi }) };
  return { ports, ...(listen ? { listen } : {}) };
}

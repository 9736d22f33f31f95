import type { ApiSettings } from '../settings.js';

/** Path of the page, relative to the API's public URL. */
export const CONSOLE_PATH = 'client/console';
/** Path of the websocket, likewise. */
export const CONSOLE_WEBSOCKET_PATH = `${CONSOLE_PATH}/ws`;

/** Where a browser finds a console, and where a websocket client does. */
export interface ConsoleLinks {
  readonly url: string;
  readonly websocket: {
    readonly token: string;
    readonly host: string;
    readonly port: string;
    readonly path: string;
  };
}

/** The links of a token, below the API's public URL. */
export function consoleLinks(settings: ApiSettings, token: string): ConsoleLinks {
  const { host, port } = settings.apiListen;
  const listen = `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
  const base = (settings.apiPublicUrl ?? listen).replace(/\/+$/, '');
  const page = new URL(`${base}/${CONSOLE_PATH}?token=${token}`);
  return {
    url: page.href,
    websocket: {
      token,
      host: page.hostname.replace(/^\[|\]$/g, ''),
      port: page.port || (page.protocol === 'https:' ? '443' : '80'),
      path: new URL(`${base}/${CONSOLE_WEBSOCKET_PATH}`).pathname.slice(1),
    },
  };
}

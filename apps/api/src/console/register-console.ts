/** Consoles: the page, what it loads, and the websocket. */
import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import { autocommit } from '@durastack/store/database/transaction';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Platform } from '../platform.js';
import { ConsoleGate } from './console-gate.js';
import { CONSOLE_PATH, CONSOLE_WEBSOCKET_PATH } from './console-links.js';
import { SECURITY_HEADERS, sendConsolePage } from './console-page.js';
import { standingOfToken } from './console-tokens.js';
import type { HostReads } from './host-reads.js';
import { serveWithoutUpgrade } from './plain-request.js';

const ASSETS = fileURLToPath(new URL('../../public/console/', import.meta.url));
/** The package's root: its entry is `core/rfb.js`. */
const NOVNC = fileURLToPath(new URL('..', import.meta.resolve('@novnc/novnc')));

/** Adds the routes and listens for upgrades. Open consoles end with the server. */
export async function registerConsole(server: FastifyInstance, platform: Platform, hosts: HostReads): Promise<void> {
  const gate = new ConsoleGate(platform, hosts);
  server.get<{ Querystring: { token?: unknown } }>(`/${CONSOLE_PATH}`, async (request, reply) => {
    const token = String(request.query.token ?? '');
    return sendConsolePage(reply, await standingOfToken(autocommit(platform.database), token));
  });
  const files = {
    decorateReply: false,
    index: false,
    maxAge: 3_600_000,
    setHeaders: (reply: FastifyReply) => void reply.headers(SECURITY_HEADERS),
  } as const;
  await server.register(fastifyStatic, { ...files, root: ASSETS, prefix: `/${CONSOLE_PATH}/assets/` });
  await server.register(fastifyStatic, {
    ...files,
    root: NOVNC,
    prefix: `/${CONSOLE_PATH}/novnc/`,
    allowedPath: (path) => /^\/(core|vendor)\/.+\.js$/.test(path),
  });
  server.server.on('upgrade', (request, socket, head) => {
    const path = request.url?.split('?')[0];
    const isWebSocket = request.headers.upgrade?.toLowerCase() === 'websocket';
    if (isWebSocket && path === `/${CONSOLE_WEBSOCKET_PATH}`) void gate.upgrade(request, socket, head);
    else serveWithoutUpgrade(server.server, request, socket, head);
  });
  server.addHook('preClose', async () => {
    await gate.closeAll();
    await hosts.close();
  });
}

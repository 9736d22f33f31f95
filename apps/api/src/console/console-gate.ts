/** The websocket of consoles: `/client/console/ws?token=…`, raw RFB bytes in binary messages. */
import { STATUS_CODES, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { asDurastackError, ERROR_KINDS } from '@durastack/contracts/errors';
import { autocommit } from '@durastack/store/database/transaction';
import { Counter, Gauge } from 'prom-client';
import { WebSocketServer, type WebSocket } from 'ws';
import { metrics } from '../operator/metrics.js';
import type { Platform } from '../platform.js';
import { ConsoleBridge, CONSOLE_LIMITS, type ConsoleLimits } from './console-bridge.js';
import { consumeConsoleToken, mayStayOpen, type ConsoleGrant } from './console-tokens.js';
import type { HostReads } from './host-reads.js';

/** A browser sends keys, pointers and clipboards. */
const MAX_MESSAGE_BYTES = 1024 * 1024;
/** Of one process; each holds two connections and their buffers. */
const MAX_OPEN = 500;
/** How soon a console ends after its user lost the right, or the machine moved away. */
const RECHECK_MS = 30_000;
/** For closing handshakes when the process ends. */
const FAREWELL_MS = 2_000;

const openConsoles = new Gauge({
  name: 'durastack_api_consoles_open',
  help: 'Consoles that are open through this process.',
  registers: [metrics],
});
const refusedConsoles = new Counter({
  name: 'durastack_api_consoles_refused_total',
  help: 'Attempts to open a console with a token that was unknown, used or expired.',
  registers: [metrics],
});

/** A text for the closing frame: at most 123 bytes. */
const closeReason = (text: string) =>
  Buffer.from(text)
    .subarray(0, 123)
    .toString('utf8')
    .replace(/\uFFFD$/, '');

/** Opens consoles for tokens. */
export class ConsoleGate {
  private readonly open = new Set<ConsoleBridge>();
  private readonly server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: MAX_MESSAGE_BYTES,
    handleProtocols: (offered) => (offered.has('binary') ? 'binary' : false),
  });

  constructor(
    private readonly platform: Platform,
    private readonly hosts: HostReads,
    private readonly limits: ConsoleLimits = CONSOLE_LIMITS,
  ) {}

  /** Answers an upgrade of the websocket's path: with the console, or with a refusal. Never rejects. */
  async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const address = request.socket.remoteAddress;
    socket.on('error', (error) => this.platform.log.debug({ error, address }, 'a console connection broke'));
    const token = new URLSearchParams(request.url?.split('?')[1] ?? '').get('token') ?? '';
    try {
      if (this.open.size >= MAX_OPEN) return refuse(socket, 503, 'Too many consoles are open; try again later.');
      const grant = await consumeConsoleToken(autocommit(this.platform.database), token);
      if (!grant) {
        refusedConsoles.inc();
        this.platform.log.info({ address }, 'console refused: the token is unknown, used or expired');
        return refuse(socket, 401, 'The token is unknown, used or expired; ask for a new console endpoint.');
      }
      this.server.handleUpgrade(request, socket, head, (webSocket) => this.serve(webSocket, grant, address));
    } catch (thrown) {
      const error = asDurastackError(thrown);
      this.platform.log.error({ error, address }, 'a console could not be opened');
      refuse(socket, ERROR_KINDS[error.code].httpStatus, 'The console cannot be opened at the moment.');
    }
  }

  /** Ends all consoles; browsers are told why, and those that do not answer are cut off. */
  async closeAll(): Promise<void> {
    for (const bridge of this.open) bridge.stop('The service restarts; ask for a new console link.');
    for (let waitedMs = 0; this.server.clients.size > 0 && waitedMs < FAREWELL_MS; waitedMs += 20) await sleep(20);
    for (const client of this.server.clients) client.terminate();
  }

  private serve(webSocket: WebSocket, grant: ConsoleGrant, address: string | undefined): void {
    const { vmId, hostId, username: user } = grant;
    const { log } = this.platform;
    const bridge = new ConsoleBridge(webSocket, this.limits);
    const openedAtMs = Date.now();
    this.open.add(bridge);
    openConsoles.set(this.open.size);
    log.info({ vmId, user, address }, 'console opened');
    const recheck = setInterval(() => void this.recheck(bridge, grant), RECHECK_MS);
    recheck.unref();
    void bridge
      .run(
        (signal) => this.hosts.openConsole({ hostId, vmId }, signal),
        (thrown) => {
          const error = asDurastackError(thrown);
          if (error.code !== 'CANCELLED')
            log.warn({ error, cause: error.cause, vmId, hostId }, 'the host opened no console');
          return closeReason(error.message);
        },
      )
      .then((end) => {
        clearInterval(recheck);
        this.open.delete(bridge);
        openConsoles.set(this.open.size);
        log.info(
          { vmId, user, address, seconds: Math.round((Date.now() - openedAtMs) / 1000), ...end },
          'console closed',
        );
      });
  }

  private async recheck(bridge: ConsoleBridge, grant: ConsoleGrant): Promise<void> {
    try {
      if (!(await mayStayOpen(autocommit(this.platform.database), grant)))
        bridge.stop('You may not use this console any more, or the virtual machine has moved.');
    } catch (error) {
      // The right was there half a minute ago; a database that is away for a moment does not take it.
      this.platform.log.warn({ error, vmId: grant.vmId }, 'the right to an open console could not be checked');
    }
  }
}

/** Answers an upgrade with an error. */
export function refuse(socket: Duplex, status: number, message: string): void {
  const body = `${message}\n`;
  socket.end(
    [
      `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Error'}`,
      'Connection: close',
      'Content-Type: text/plain; charset=utf-8',
      'Cache-Control: no-store',
      `Content-Length: ${Buffer.byteLength(body)}`,
      '',
      body,
    ].join('\r\n'),
  );
}

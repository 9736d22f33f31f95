import { STATUS_CODES, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { asDurastackError, DurastackError, ERROR_KINDS } from '@durastack/contracts/errors';
import type { Logger } from '@durastack/kit/log/logger';
import { createWebSocketStream, WebSocketServer, type WebSocket } from 'ws';
import type { HostRuntime } from '../host/host-runtime.js';

const PATH = /^\/v1\/console\/([0-9a-f-]{36})$/;
const MAX_MESSAGE_BYTES = 1024 * 1024;

/** Websockets to consoles: raw bytes both ways. The machine is found before the upgrade is answered. */
export class ConsoleGate {
  private readonly server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: MAX_MESSAGE_BYTES,
  });

  constructor(private readonly log: Logger) {}

  /** Answers an upgrade; a refusal carries its code in `x-durastack-error`. Never rejects. */
  async open(request: IncomingMessage, socket: Duplex, head: Buffer, host: HostRuntime): Promise<void> {
    socket.on('error', (error) => this.log.debug({ error }, 'console connection broke'));
    try {
      const vmId = PATH.exec(request.url ?? '')?.[1];
      if (vmId === undefined) throw new DurastackError('NOT_FOUND', 'Only /v1/console/<machine> can be upgraded.');
      const console = await host.openConsole(vmId);
      this.server.handleUpgrade(request, socket, head, (webSocket) => this.connect(webSocket, console));
    } catch (error) {
      const { code } = asDurastackError(error);
      const status = ERROR_KINDS[code].httpStatus;
      socket.end(
        `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nx-durastack-error: ${code}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`,
      );
    }
  }

  /** Ends all consoles. */
  closeAll(): void {
    for (const client of this.server.clients) client.terminate();
  }

  private connect(webSocket: WebSocket, console: Duplex): void {
    const stream = createWebSocketStream(webSocket);
    const end = (error?: Error): void => {
      if (error !== undefined) this.log.debug({ error }, 'console ended');
      stream.destroy();
      console.destroy();
    };
    stream.on('error', end).on('close', () => end());
    console.on('error', end).on('close', () => end());
    stream.pipe(console).pipe(stream);
  }
}

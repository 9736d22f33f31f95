/** An HTTP server on loopback whose answers a test decides, and images made by qemu-img to serve. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Answers a request. */
export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** The server and what it has seen. */
export class ImageServer {
  readonly requests: string[] = [];
  private readonly answers = new Map<string, Answer>();

  private constructor(private readonly server: Server) {}

  /** Listens on 127.0.0.1 at a free port. */
  static async start(): Promise<ImageServer> {
    const server = createServer();
    const images = new ImageServer(server);
    server.on('request', (request, response) => {
      images.requests.push(`${request.headers.host} ${request.url}`);
      const answer = images.answers.get(new URL(request.url ?? '/', 'http://x').pathname);
      if (answer === undefined) response.writeHead(404).end();
      else answer(request, response);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return images;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Serves `answer`, or bytes, at a path; gives the URL. */
  serve(path: string, answer: Answer | Buffer): string {
    const given = Buffer.isBuffer(answer) ? sendBytes(answer) : answer;
    this.answers.set(path, given);
    return `http://127.0.0.1:${this.port}${path}`;
  }

  /** Serves a redirect; gives the URL. */
  redirect(path: string, location: string): string {
    return this.serve(path, (_request, response) => response.writeHead(302, { location }).end());
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}

function sendBytes(bytes: Buffer): Answer {
  return (_request, response) => response.writeHead(200, { 'content-length': bytes.length }).end(bytes);
}

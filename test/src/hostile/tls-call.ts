/** Raw HTTPS calls under any identity, for servers that should refuse most of them. */
import { Agent, request } from 'node:https';

/** Who calls: a certificate with its key, or nobody. */
export interface Identity {
  readonly certificatePem?: string;
  readonly privateKeyPem?: string;
}

/** Where. */
export interface TlsPlace {
  readonly port: number;
  /** The TLS server name: who the caller wants to talk to. */
  readonly servername: string;
}

/** One call. */
export interface TlsCall {
  readonly method: string;
  readonly path: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What came: a status with its body, or `closed` when the server hung up without an answer. */
export type TlsAnswer = { readonly status: number; readonly text: string } | 'closed';

/** An identity's connections to one place. */
export class TlsCaller {
  private readonly agent: Agent;

  constructor(
    private readonly place: TlsPlace,
    identity: Identity,
  ) {
    this.agent = new Agent({
      keepAlive: true,
      maxSockets: 2,
      // A resumed session shows no certificate, and is refused to everybody.
      maxCachedSessions: 0,
      // The server's side is not what is tried here.
      rejectUnauthorized: false,
      ...(identity.certificatePem === undefined ? {} : { cert: identity.certificatePem }),
      ...(identity.privateKeyPem === undefined ? {} : { key: identity.privateKeyPem }),
    });
  }

  /** Calls; rejects only when nothing at all happens for 20 s. */
  call({ method, path, body, headers = {} }: TlsCall): Promise<TlsAnswer> {
    return new Promise((resolve, reject) => {
      const { port, servername } = this.place;
      const typed =
        body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
      const sent = request(
        { host: '127.0.0.1', port, servername, method, path, agent: this.agent, headers: { ...typed, ...headers } },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('error', () => resolve('closed'));
          response.on('end', () =>
            resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }),
          );
        },
      );
      sent.setTimeout(20_000, () => {
        reject(new TypeError(`${method} ${path} was neither answered nor closed`));
        sent.destroy();
      });
      sent.on('error', () => resolve('closed'));
      sent.end(body);
    });
  }

  /** Ends its connections. */
  close(): void {
    this.agent.destroy();
  }
}

/** One connection to a libvirtd: frames, serial numbers, time-outs, events, keep-alive. Knows no procedure's meaning. */
import { connect, type Socket } from 'node:net';
import { DurastackError } from '@durastack/contracts/errors';
import {
  HEADER_BYTES,
  KEEPALIVE,
  KEEPALIVE_PROGRAM,
  MAX_MESSAGE_BYTES,
  MESSAGE,
  PROGRAM_VERSION,
  REMOTE_PROGRAM,
} from './protocol.js';
import { remoteError } from './remote-error.js';
import { XdrReader, XdrWriter } from './xdr.js';

interface Pending {
  readonly resolve: (reply: XdrReader) => void;
  readonly reject: (error: DurastackError) => void;
  readonly timer: NodeJS.Timeout;
}

/** What a connection tells its owner. */
export interface ConnectionListener {
  /** An event message of the remote program. */
  event(procedure: number, body: XdrReader): void;
  /** The connection is gone; every pending call has been rejected. Called once. */
  closed(): void;
}

const CONNECT_TIMEOUT_MS = 5_000;

/** A raw connection. Calls may overlap; replies are matched by serial number. */
export class LibvirtConnection {
  readonly #socket: Socket;
  readonly #listener: ConnectionListener;
  readonly #pending = new Map<number, Pending>();
  #received: Buffer = Buffer.alloc(0);
  #serial = 0;
  #closed = false;

  private constructor(socket: Socket, listener: ConnectionListener) {
    this.#socket = socket;
    this.#listener = listener;
    socket.on('data', (chunk) => this.#onData(chunk));
    socket.on('error', () => this.close());
    socket.on('close', () => this.close());
  }

  /**
   * Connects to a daemon's unix socket.
   *
   * @throws DurastackError `BACKEND_BUSY` when nobody answers there
   */
  static async open(socketPath: string, listener: ConnectionListener): Promise<LibvirtConnection> {
    const socket = await new Promise<Socket>((resolve, reject) => {
      const opening = connect(socketPath);
      const fail = (cause?: Error): void => {
        opening.destroy();
        const text = `libvirtd does not answer on ${socketPath}; is it running?`;
        reject(new DurastackError('BACKEND_BUSY', text, cause ? { cause } : {}));
      };
      opening.once('error', fail).setTimeout(CONNECT_TIMEOUT_MS, fail);
      opening.once('connect', () => {
        opening.setTimeout(0).removeListener('error', fail);
        resolve(opening);
      });
    });
    return new LibvirtConnection(socket, listener);
  }

  /** Whether calls are still possible. */
  get isOpen(): boolean {
    return !this.#closed;
  }

  /**
   * Calls a procedure, of the remote program unless another one is named.
   *
   * @throws DurastackError `TIMEOUT` after `timeoutMs` (libvirtd may still carry it out), `BACKEND_BUSY` when the
   * connection ends first, else what {@link remoteError} makes of libvirt's refusal
   */
  call(procedure: number, args: XdrWriter, timeoutMs: number, program = REMOTE_PROGRAM): Promise<XdrReader> {
    if (this.#closed) return Promise.reject(gone());
    const serial = ++this.#serial;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#pending.delete(serial);
        const text = `libvirtd did not answer procedure ${procedure} within ${timeoutMs} ms`;
        reject(new DurastackError('TIMEOUT', text, { details: { procedure } }));
      }, timeoutMs);
      this.#pending.set(serial, { resolve, reject, timer });
      this.#send({ program, procedure, type: MESSAGE.call, serial }, args.bytes());
    });
  }

  /** Ends the connection; pending calls are rejected. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket.destroy();
    for (const { reject, timer } of this.#pending.values()) {
      clearTimeout(timer);
      reject(gone());
    }
    this.#pending.clear();
    this.#listener.closed();
  }

  #send(header: { program: number; procedure: number; type: number; serial: number }, body: Buffer): void {
    const head = new XdrWriter()
      .uint(HEADER_BYTES + body.length)
      .uint(header.program)
      .uint(PROGRAM_VERSION);
    head.int(header.procedure).int(header.type).uint(header.serial).int(0);
    this.#socket.write(Buffer.concat([head.bytes(), body]));
  }

  #onData(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    while (this.#received.length >= 4) {
      const length = this.#received.readUInt32BE(0);
      // Nothing after a broken frame can be understood.
      if (length < HEADER_BYTES || length > MAX_MESSAGE_BYTES) return this.close();
      if (this.#received.length < length) return;
      const message = new XdrReader(this.#received.subarray(4, length));
      this.#received = this.#received.subarray(length);
      this.#onMessage(message);
    }
  }

  #onMessage(message: XdrReader): void {
    const program = message.uint();
    message.uint();
    const procedure = message.int();
    const type = message.int();
    const serial = message.uint();
    const status = message.int();
    if (program === KEEPALIVE_PROGRAM) {
      const answer = { program, procedure: KEEPALIVE.pong, type: MESSAGE.event, serial: 0 };
      if (procedure === KEEPALIVE.ping) this.#send(answer, Buffer.alloc(0));
    } else if (type === MESSAGE.event) {
      this.#listener.event(procedure, message);
    } else {
      this.#onReply(serial, status, message);
    }
  }

  #onReply(serial: number, status: number, body: XdrReader): void {
    const pending = this.#pending.get(serial);
    // A reply that comes after its call's time-out: nobody waits for it any more.
    if (!pending) return;
    this.#pending.delete(serial);
    clearTimeout(pending.timer);
    if (status === 0) pending.resolve(body);
    else pending.reject(remoteError(body));
  }
}

function gone(): DurastackError {
  return new DurastackError('BACKEND_BUSY', 'The connection to libvirtd ended; it is tried again');
}

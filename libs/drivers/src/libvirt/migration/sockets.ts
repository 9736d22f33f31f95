/** The unix sockets at which a machine's memory and disks leave and enter their hosts, and the streams between them. */
import { chmod, chown, rm } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { finished } from 'node:stream/promises';
import type { HostUser } from '../../files/reachable.js';

/** Connects to a unix socket. Rejects with the system's error. */
export function connectSocket(path: string): Promise<Socket> {
  return new Promise((done, fail) => {
    const socket = connect({ path, allowHalfOpen: true });
    socket.once('error', fail);
    socket.once('connect', () => {
      socket.removeAllListeners('error');
      done(socket);
    });
  });
}

/** A socket that takes one connection of QEMU and joins it with a stream. */
export interface OutgoingSocket {
  /** Resolves when all that QEMU sent is on its way, rejects when the stream broke. */
  readonly flushed: Promise<void>;
  close(): Promise<void>;
}

/**
 * Listens for QEMU. Only its user may connect, and only once.
 *
 * @param sent told of every byte that was taken from QEMU
 */
export async function listenForQemu(
  path: string,
  user: HostUser,
  { stream, sent }: { stream: Duplex; sent: (bytes: number) => void },
): Promise<OutgoingSocket> {
  const server = createServer({ allowHalfOpen: true });
  server.maxConnections = 1;
  server.once('connection', (qemu) => {
    server.close();
    qemu.on('data', (chunk: Buffer) => sent(chunk.length));
    join(qemu, stream);
  });
  await listen(server, path, user);
  const flushed = finished(stream, { readable: false });
  // Whoever does not wait for it learns of a broken stream from QEMU.
  flushed.catch(() => undefined);
  return {
    flushed,
    close: async () => {
      server.close();
      await rm(path, { force: true });
    },
  };
}

/** A socket that takes connections of QEMU, and joins each with a stream of its own. */
export interface DisksSocket {
  close(): Promise<void>;
}

/** A QEMU asks for one connection for each disk; more than this is none of ours. */
const MAX_DISK_CONNECTIONS = 64;

/**
 * Listens for QEMU's connections to the other side's disks. Only its user may connect.
 *
 * @param open makes the way to the other side; a connection for which it fails is closed, of which QEMU tells
 */
export async function listenForDisks(path: string, user: HostUser, open: () => Promise<Duplex>): Promise<DisksSocket> {
  const connections = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
  server.maxConnections = MAX_DISK_CONNECTIONS;
  server.on('connection', (qemu) => {
    connections.add(qemu);
    qemu.on('error', () => qemu.destroy()).once('close', () => connections.delete(qemu));
    open().then(
      (stream) => {
        join(qemu, stream);
        if (qemu.destroyed) stream.destroy();
        else qemu.resume();
      },
      () => qemu.destroy(),
    );
  });
  await listen(server, path, user);
  return {
    close: async () => {
      server.close();
      for (const connection of connections) connection.destroy();
      await rm(path, { force: true });
    },
  };
}

async function listen(server: Server, path: string, user: HostUser): Promise<void> {
  await rm(path, { force: true });
  await bind(server, path);
  await chown(path, user.uid, user.gid);
  await chmod(path, 0o600);
}

function bind(server: Server, path: string): Promise<void> {
  return new Promise((done, fail) => {
    server.once('error', fail);
    // Nobody may connect before the owner is set.
    const mask = process.umask(0o177);
    server.listen(path, () => {
      server.removeListener('error', fail);
      done();
    });
    process.umask(mask);
  });
}

/** Passes everything on, both ways; when one side breaks, so does the other. */
export function join(one: Duplex, other: Duplex): void {
  const breakBoth = (): void => {
    one.destroy();
    other.destroy();
  };
  for (const side of [one, other]) {
    side.on('error', breakBoth);
    side.on('close', breakBoth);
  }
  one.pipe(other);
  other.pipe(one);
}

/** One image served to another host's qemu-img, through the agents: by a QEMU of no machine, at a socket of this agent. */
import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Duplex } from 'node:stream';
import { DurastackError } from '@durastack/contracts/errors';
import type { ToolImage } from '../../pool-driver.js';
import type { HostShell } from '../../process/host-shell.js';
import { connectSocket } from '../migration/sockets.js';

/** Copying a large disk takes hours; what hangs for longer is ended. */
const LONGEST_MS = 24 * 60 * 60_000;
const START_MS = 15_000;
const LOOK_EVERY_MS = 10;
/** From when the source has closed its connection until this one has written everything. */
const END_MS = 60_000;
/** From when its connection was broken until one is killed. */
const CLOSE_MS = 5_000;

/** What is served, and where. */
export interface ServedImage {
  readonly image: ToolImage;
  /** A path that nobody but this agent may connect to. */
  readonly socketPath: string;
  readonly shell: Pick<HostShell, 'run'>;
}

/**
 * A server for each connection: it ends with that, having written everything, and with the agent, should that die.
 * The image is locked meanwhile.
 */
export class NbdServers {
  private readonly stop = new AbortController();
  private last: Promise<unknown> = Promise.resolve();
  private connection: Duplex | undefined;

  constructor(private readonly served: ServedImage) {}

  /** Serves one connection. BACKEND_BUSY while another is served; STEP_REFUSED when the image cannot be opened. */
  async connect(): Promise<Duplex> {
    await this.ended();
    const { image, socketPath, shell } = this.served;
    const options = { signal: this.stop.signal, timeoutMs: LONGEST_MS };
    this.connection = undefined;
    const server = shell.run('setpriv', serverArguments(image, socketPath), options);
    this.last = server;
    const state = { ended: false };
    const ended = server.finally(() => (state.ended = true));
    ended.catch(() => undefined);
    const deadline = performance.now() + START_MS;
    for (;;) {
      try {
        this.connection = await connectSocket(socketPath);
        return this.connection;
      } catch (cause) {
        if (state.ended) await server;
        if (state.ended || performance.now() > deadline)
          throw new DurastackError('BACKEND_BUSY', `The server of ${image.name} does not listen`, { cause });
        await sleep(LOOK_EVERY_MS);
      }
    }
  }

  /** Nothing is served any more, and everything is written. */
  async close(): Promise<void> {
    await this.ended();
    await rm(this.served.socketPath, { force: true });
  }

  /** Resolves when nothing is served. Rejects when the last server failed: then not everything was written. */
  private async ended(): Promise<void> {
    const late = new AbortController();
    const timeout = sleep(END_MS, undefined, { signal: late.signal, ref: false }).then(() => {
      throw new DurastackError('BACKEND_BUSY', `${this.served.image.name} is still being served`);
    });
    timeout.catch(() => undefined);
    await Promise.race([this.last, timeout]).finally(() => late.abort());
  }

  /**
   * Ends what is served, whatever comes of it. A server that loses its client closes its image; for one that is killed
   * Ceph keeps the image open for another half minute.
   */
  async kill(): Promise<void> {
    this.connection?.destroy();
    const late = setTimeout(() => this.stop.abort(), this.connection === undefined ? 0 : CLOSE_MS);
    await this.last.catch(() => undefined).finally(() => clearTimeout(late));
    await rm(this.served.socketPath, { force: true });
  }
}

/** Ends with the first client; the kernel ends it with the agent (prctl(2), PR_SET_PDEATHSIG). */
function serverArguments({ name, format, shared }: ToolImage, socketPath: string): string[] {
  const cache = shared ? 'none' : 'writeback';
  return [
    ...['--pdeathsig', 'KILL', '--no-new-privs', '--', 'qemu-nbd'],
    ...['--socket', socketPath, '--format', format, '--cache', cache, name],
  ];
}

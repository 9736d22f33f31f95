/** The socket on which a lab host's first process takes the words of `systemctl` and `journalctl`. */
import { connect, createServer, type Server, type Socket } from 'node:net';
import { z } from 'zod';
import { asDurastackError } from '@durastack/contracts/errors';
import type { Reply, ServiceManager } from './service-manager.js';

const request = z.object({ program: z.enum(['systemctl', 'journalctl']), words: z.array(z.string()) });
/** What is asked: one line of JSON each way. */
export type ControlRequest = z.infer<typeof request>;
const reply = z.object({ code: z.int(), output: z.string() });

/** Serves it. */
export function serveControl(path: string, manager: ServiceManager): Promise<Server> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    void answer(socket, manager);
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => resolve(server));
  });
}

async function answer(socket: Socket, manager: ServiceManager): Promise<void> {
  // One who hangs up before the answer no longer wants it.
  socket.on('error', () => socket.destroy());
  let said: Reply;
  try {
    const { program, words } = request.parse(JSON.parse(await readAll(socket)));
    said = program === 'systemctl' ? await manager.systemctl(words) : manager.journalctl(words);
  } catch (error) {
    said = { code: 1, output: `${asDurastackError(error).message}\n` };
  }
  socket.end(JSON.stringify(said));
}

/** Asks a host's first process. */
export async function askControl(path: string, asked: ControlRequest): Promise<Reply> {
  const socket = connect({ path, allowHalfOpen: true });
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  socket.end(JSON.stringify(asked));
  return reply.parse(JSON.parse(await readAll(socket)));
}

/** Until the other side has said all; an iterator would close this side too, before the answer. */
function readAll(socket: Socket): Promise<string> {
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  return new Promise((resolve, reject) => {
    socket.once('end', () => resolve(text));
    socket.once('error', reject);
  });
}

/** A web server with an image, for specs that fetch one. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

const IMAGE_BYTES = 4 * 2 ** 20;

/** A web server with one raw image; under /slow it comes in 20 pieces, 50 ms apart. */
export async function serveImage(): Promise<{ server: Server; url: string }> {
  const image = Buffer.alloc(IMAGE_BYTES, 'durastack');
  const server = createServer(async (request, response) => {
    const pauseMs = request.url?.startsWith('/slow') === true ? 50 : 0;
    response.writeHead(200, { 'content-length': IMAGE_BYTES });
    const piece = IMAGE_BYTES / 20;
    for (let at = 0; at < IMAGE_BYTES && !response.destroyed; at += piece) {
      response.write(image.subarray(at, at + piece));
      if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
    response.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** Serves one file over HTTP, on loopback unless told otherwise, for as long as it is wanted. */
import { createHash } from 'node:crypto';
import { createReadStream, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * Serves a file while the work goes on.
 *
 * @param path the file
 * @param work is given its URL, its SHA-256 in hex and its size
 * @param address where it is served
 */
export async function serveFile<T>(
  path: string,
  work: (url: string, sha256: string, sizeBytes: number) => Promise<T>,
  address = '127.0.0.1',
): Promise<T> {
  const sha256 = createHash('sha256').update(readFileSync(path)).digest('hex');
  const server = createServer((request, response) => {
    response.setHeader('content-type', 'application/octet-stream');
    response.setHeader('content-length', statSync(path).size);
    if (request.method === 'HEAD') response.end();
    else createReadStream(path).pipe(response);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, address, resolve);
  });
  try {
    return await work(
      `http://${address}:${(server.address() as AddressInfo).port}/image.qcow2`,
      sha256,
      statSync(path).size,
    );
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

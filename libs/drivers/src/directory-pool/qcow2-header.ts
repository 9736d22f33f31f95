/** The fixed part of a qcow2 header, read directly: for files of our own making, which need no sandboxed tool. */
import { open } from 'node:fs/promises';
import { DurastackError } from '@durastack/contracts/errors';

const MAGIC = 0x514649fb;
const HEADER_BYTES = 32;

/**
 * The virtual size of a qcow2 file in bytes.
 *
 * @throws DurastackError `STEP_REFUSED` when the file is no qcow2
 */
export async function qcow2VirtualSize(path: string): Promise<number> {
  const file = await open(path, 'r');
  try {
    const header = Buffer.alloc(HEADER_BYTES);
    const { bytesRead } = await file.read(header, 0, HEADER_BYTES, 0);
    if (bytesRead < HEADER_BYTES || header.readUInt32BE(0) !== MAGIC) {
      throw new DurastackError('STEP_REFUSED', `${path} is not a qcow2 image; restore it or remove it`);
    }
    return Number(header.readBigUInt64BE(24));
  } finally {
    await file.close();
  }
}

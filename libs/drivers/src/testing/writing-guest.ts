/**
 * A guest of one sector that never stops writing to its disk: counts, writes the count to the next of its sectors, and
 * goes on. Whoever reads the disk afterwards can tell whether one write was lost.
 */
import { randomFillSync } from 'node:crypto';
import { invariant } from '@durastack/contracts/errors';

const SECTOR_BYTES = 512;
const COUNTER_AT = 0x8000;
const PACKET_OFFSET = 0x100;
const ORIGIN = 0x7c00;
/** The sectors that it writes to, in turn: from 1 on. A power of two. */
export const WRITTEN_SECTORS = 2048;

const word = (value: number): number[] => [value & 0xff, (value >> 8) & 0xff];
const double = (value: number): number[] => [...word(value), ...word(value >>> 16)];

/** Real mode, on SeaBIOS: INT 13h, extended write (AH=43h). */
const CODE = [
  [0x31, 0xc0, 0x8e, 0xd8, 0x8e, 0xc0, 0x8e, 0xd0, 0xbc, 0x00, 0x7c], // ds = es = ss = 0, stack below
  [0x66, 0xff, 0x06, ...word(COUNTER_AT)], // next: inc dword [counter]
  [0x66, 0xa1, ...word(COUNTER_AT)], // mov eax,[counter]
  [0x66, 0xa3, ...word(COUNTER_AT + SECTOR_BYTES - 4)], // mov [counter at the sector's end],eax
  [0x66, 0x25, ...double(WRITTEN_SECTORS - 1)], // and eax,sectors-1
  [0x66, 0x40], // inc eax
  [0x66, 0xa3, ...word(ORIGIN + PACKET_OFFSET + 8)], // mov [packet.lba],eax
  [0xbe, ...word(ORIGIN + PACKET_OFFSET)], // mov si,packet
  [0xb8, 0x00, 0x43], // mov ax,0x4300
  [0xb2, 0x80, 0xcd, 0x13], // mov dl,0x80; int 0x13
  [0x72, 0xfe], // jc $ : a failed write stops it
].flat();
const LOOP_AT = 11;

/** The disk: behind what it writes, bytes that no tool takes for a hole. */
export function writingDisk(sizeBytes: number): Buffer {
  invariant(sizeBytes >= (WRITTEN_SECTORS + 1) * SECTOR_BYTES, 'The disk of the writing guest is too small for it.');
  const disk = Buffer.alloc(sizeBytes);
  randomFillSync(disk, (WRITTEN_SECTORS + 1) * SECTOR_BYTES);
  const back = LOOP_AT - (CODE.length + 2);
  Buffer.from([...CODE, 0xeb, back & 0xff]).copy(disk);
  // Disk address packet: 16 bytes, one sector, buffer at the counter.
  Buffer.from([0x10, 0, 1, 0, ...word(COUNTER_AT), 0, 0]).copy(disk, PACKET_OFFSET);
  disk.writeUInt16BE(0x55aa, SECTOR_BYTES - 2);
  return disk;
}

/** The highest count that can be read, of a disk that is being written to. */
export function countSeen(disk: Buffer): number {
  const counts = Array.from({ length: WRITTEN_SECTORS }, (_, index) => disk.readUInt32LE((index + 1) * SECTOR_BYTES));
  return Math.max(...counts);
}

/**
 * The last count that it wrote, of a disk at rest.
 *
 * @throws DurastackError `BUG` when a write is missing: then the sectors do not hold the last counts without a gap
 */
export function lastCount(disk: Buffer): number {
  const counts = Array.from({ length: WRITTEN_SECTORS }, (_, index) => {
    const at = (index + 1) * SECTOR_BYTES;
    const [count, again] = [disk.readUInt32LE(at), disk.readUInt32LE(at + SECTOR_BYTES - 4)];
    invariant(count === again, `Sector ${index + 1} is torn: ${count} and ${again}.`);
    return count;
  });
  const last = Math.max(...counts);
  for (const [index, count] of counts.entries()) {
    const turn = last - ((last - index) & (WRITTEN_SECTORS - 1));
    const wanted = turn > 0 ? turn : 0;
    invariant(count === wanted, `Sector ${index + 1} holds ${count}, and should hold ${wanted}: a write was lost.`);
  }
  return last;
}

/**
 * Reads the first bytes of an image of a given format, before any other program opens it.
 *
 * A format that can name other files is the danger: whoever opens such an image as root would read
 * `/etc/shadow` into a disk, or write through it. What names another file is refused here; `qemu-img info`,
 * unprivileged, is asked afterwards and must agree.
 */
import type { FileHandle } from 'node:fs/promises';
import { DurastackError } from '@durastack/contracts/errors';
import type { FETCHED_FORMATS } from '@durastack/contracts/agent/specs';

/** A format that images are given in. */
export type ImageFormat = (typeof FETCHED_FORMATS)[number];

const SECTOR_BYTES = 512;
const MAX_DESCRIPTOR_BYTES = 1024 * 1024;
const QCOW2_DIRTY_FLAGS = { corrupt: 1n << 1n, externalData: 1n << 2n };
const VDI_SIGNATURE = 0xbeda107f;
/** Where the volume descriptors of ISO 9660 and UDF begin, each a sector of a CD; the first one says which it is. */
const DESCRIPTORS_AT_BYTES = 16 * 2048;
const DESCRIPTOR_NAMES = ['CD001', 'BEA01'];
const VMDK_TYPES = ['monolithicSparse', 'streamOptimized'];

/**
 * Refuses what is not of the format, is cut off as far as its header tells, or points outside itself.
 *
 * @throws DurastackError `IMAGE_REFUSED`
 */
export async function judgeHeader(file: FileHandle, format: ImageFormat): Promise<void> {
  const { size } = await file.stat();
  const head = await readAt(file, 0, 1024);
  const found = signatureOf(head);
  if (found !== (qemuFormatOf(format) === 'raw' ? undefined : format)) {
    throw refuse(format, found === undefined ? 'has no such signature' : `is ${found} by its signature`);
  }
  if (format === 'raw') judgeRaw(format, size);
  else if (format === 'iso') await judgeIso(file, size);
  else if (format === 'qcow2') judgeQcow2(head);
  else if (format === 'vmdk') await judgeVmdk(file, head);
  else if (format === 'vdi') judgeVdi(head, size);
}

/** What QEMU calls it: a CD's image is bytes and nothing else. */
export function qemuFormatOf(format: ImageFormat): Exclude<ImageFormat, 'iso'> {
  return format === 'iso' ? 'raw' : format;
}

/** Not to choose a format by, only to refuse a wrong one. */
function signatureOf(head: Buffer): string | undefined {
  const text = head.toString('latin1');
  if (text.startsWith('QFI\xfb')) return 'qcow2';
  if (text.startsWith('KDMV') || text.startsWith('COWD') || text.startsWith('# Disk DescriptorFile')) return 'vmdk';
  if (text.startsWith('vhdxfile')) return 'vhdx';
  if (head.length >= 68 && head.readUInt32LE(64) === VDI_SIGNATURE) return 'vdi';
  if (text.startsWith('\x1f\x8b')) return 'gzip';
  if (text.startsWith('BZh')) return 'bzip2';
  if (text.startsWith('\xfd7zXZ')) return 'xz';
  if (/^\s*<(!doctype|html)/i.test(text)) return 'an HTML page';
  return undefined;
}

function judgeRaw(format: ImageFormat, size: number): void {
  if (size === 0) throw refuse(format, 'is empty');
  if (size % SECTOR_BYTES !== 0) throw refuse(format, `has ${size} bytes, no multiple of 512: it is cut off`);
}

async function judgeIso(file: FileHandle, size: number): Promise<void> {
  judgeRaw('iso', size);
  const descriptor = (await readAt(file, DESCRIPTORS_AT_BYTES, 6)).toString('latin1');
  if (!DESCRIPTOR_NAMES.includes(descriptor.slice(1)))
    throw refuse('iso', 'has neither the file system ISO 9660 nor UDF of a CD');
}

function judgeQcow2(head: Buffer): void {
  if (head.length < 104) throw refuse('qcow2', 'is cut off within its header');
  const version = head.readUInt32BE(4);
  if (version !== 2 && version !== 3) throw refuse('qcow2', `has the unknown version ${version}`);
  if (head.readBigUInt64BE(8) !== 0n) throw refuse('qcow2', 'names a backing file; flatten it with qemu-img convert');
  if (head.readUInt32BE(32) !== 0) throw refuse('qcow2', 'is encrypted');
  if (version === 2) return;
  const incompatible = head.readBigUInt64BE(72);
  if ((incompatible & QCOW2_DIRTY_FLAGS.externalData) !== 0n) throw refuse('qcow2', 'keeps its data in another file');
  if ((incompatible & QCOW2_DIRTY_FLAGS.corrupt) !== 0n) throw refuse('qcow2', 'is marked as corrupt');
}

async function judgeVmdk(file: FileHandle, head: Buffer): Promise<void> {
  const magic = head.toString('latin1', 0, 4);
  if (magic === 'COWD') throw refuse('vmdk', 'is an ESX COWD extent; export it as a stream-optimized VMDK');
  if (magic !== 'KDMV') throw refuse('vmdk', 'is a descriptor that names other files; export it as one file');
  if (head.length < 512) throw refuse('vmdk', 'is cut off within its header');
  const capacity = head.readBigUInt64LE(12);
  const offset = head.readBigUInt64LE(28) * BigInt(SECTOR_BYTES);
  const length = head.readBigUInt64LE(36) * BigInt(SECTOR_BYTES);
  if (capacity === 0n) throw refuse('vmdk', 'has a header without a capacity');
  if (offset === 0n || length === 0n || length > MAX_DESCRIPTOR_BYTES || offset > BigInt(MAX_DESCRIPTOR_BYTES)) {
    throw refuse('vmdk', 'has no descriptor of its own');
  }
  judgeVmdkDescriptor((await readAt(file, Number(offset), Number(length))).toString('latin1').replace(/\0.*$/s, ''));
}

function judgeVmdkDescriptor(descriptor: string): void {
  const type = /^\s*createType\s*=\s*"?([^"\r\n]*)"?/im.exec(descriptor)?.[1]?.trim() ?? '';
  if (!VMDK_TYPES.some((known) => known.toLowerCase() === type.toLowerCase())) {
    throw refuse('vmdk', `is of the type "${type.slice(0, 60)}"; only ${VMDK_TYPES.join(' and ')} stand alone`);
  }
  const parent = /^\s*parentCID\s*=\s*"?([0-9a-z]+)/im.exec(descriptor)?.[1]?.toLowerCase();
  if ((parent !== undefined && parent !== 'ffffffff') || /^\s*parentFileNameHint/im.test(descriptor)) {
    throw refuse('vmdk', 'names a parent image');
  }
  const extents = [...descriptor.matchAll(/^\s*(?:RW|RDONLY|NOACCESS)\s+\d+\s+(\S+)([^\r\n]*)/gim)];
  if (extents.length !== 1 || extents[0]?.[1]?.toUpperCase() !== 'SPARSE') {
    throw refuse('vmdk', `names ${extents.length} extents that are not all its own sparse data`);
  }
  if (/"[^"]*\/[^"]*"/.test(extents[0]?.[2] ?? '')) throw refuse('vmdk', 'names an extent in another folder');
}

function judgeVdi(head: Buffer, size: number): void {
  if (head.length < 512) throw refuse('vdi', 'is cut off within its header');
  const dataOffset = head.readUInt32LE(344);
  const blockBytes = head.readUInt32LE(376);
  const allocated = head.readUInt32LE(388);
  if (dataOffset + blockBytes * allocated > size) throw refuse('vdi', 'is cut off: its header tells of more data');
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await file.read(buffer, 0, length, position);
  return buffer.subarray(0, bytesRead);
}

/** The refusal of an image, in one form. */
export function refuse(format: ImageFormat, why: string): DurastackError {
  return new DurastackError('IMAGE_REFUSED', `The image was given as ${format}, but ${why}.`);
}

/** XDR (RFC 4506), as much of it as libvirt's remote protocol needs. */
import { DurastackError } from '@durastack/contracts/errors';

const pad = (length: number): number => (4 - (length % 4)) % 4;

/** Writes XDR values one after the other. */
export class XdrWriter {
  readonly #parts: Buffer[] = [];

  /** A signed 32-bit integer. */
  int(value: number): this {
    const part = Buffer.alloc(4);
    part.writeInt32BE(value);
    this.#parts.push(part);
    return this;
  }

  /** An unsigned 32-bit integer. */
  uint(value: number): this {
    const part = Buffer.alloc(4);
    part.writeUInt32BE(value);
    this.#parts.push(part);
    return this;
  }

  /** An unsigned 64-bit integer. */
  ulong(value: bigint): this {
    const part = Buffer.alloc(8);
    part.writeBigUInt64BE(value);
    this.#parts.push(part);
    return this;
  }

  /** A text of variable length, UTF-8. */
  string(value: string): this {
    const bytes = Buffer.from(value, 'utf8');
    return this.uint(bytes.length)
      .fixed(bytes)
      .fixed(Buffer.alloc(pad(bytes.length)));
  }

  /** A text or nothing. */
  optionalString(value: string | undefined): this {
    return value === undefined ? this.uint(0) : this.uint(1).string(value);
  }

  /** Bytes of variable length. */
  opaque(bytes: Buffer): this {
    return this.uint(bytes.length)
      .fixed(bytes)
      .fixed(Buffer.alloc(pad(bytes.length)));
  }

  /** Bytes of a length that both sides know; a multiple of four. */
  fixed(bytes: Buffer): this {
    this.#parts.push(bytes);
    return this;
  }

  /** Everything written so far. */
  bytes(): Buffer {
    return Buffer.concat(this.#parts);
  }
}

/** Reads XDR values one after the other. Reading past the end throws `BACKEND_BUSY`: the peer speaks something else. */
export class XdrReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** A signed 32-bit integer. */
  int(): number {
    return this.#take(4).readInt32BE();
  }

  /** An unsigned 32-bit integer. */
  uint(): number {
    return this.#take(4).readUInt32BE();
  }

  /** An unsigned 64-bit integer. */
  ulong(): bigint {
    return this.#take(8).readBigUInt64BE();
  }

  /** A text of variable length, UTF-8. */
  string(): string {
    const length = this.uint();
    const text = this.#take(length).toString('utf8');
    this.#take(pad(length));
    return text;
  }

  /** A text or nothing. */
  optionalString(): string | undefined {
    return this.uint() === 0 ? undefined : this.string();
  }

  /** Bytes of variable length. */
  opaque(): Buffer {
    const length = this.uint();
    const bytes = Buffer.from(this.#take(length));
    this.#take(pad(length));
    return bytes;
  }

  /** A floating-point number of 64 bits. */
  double(): number {
    return this.#take(8).readDoubleBE();
  }

  /** Bytes of a length that both sides know. */
  fixed(length: number): Buffer {
    return this.#take(length);
  }

  #take(length: number): Buffer {
    const end = this.#at + length;
    if (end > this.#bytes.length)
      throw new DurastackError('BACKEND_BUSY', 'libvirt sent a message that ends too early');
    const part = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return part;
  }
}

/** The console of a simulated machine: a VNC server (RFC 6143, version 3.8, no authentication) with a plain screen. */
import { Duplex } from 'node:stream';

const VERSION = Buffer.from('RFB 003.008\n');
const SECURITY_NONE = 1;
const WIDTH = 640;
const HEIGHT = 400;
const RRE_ENCODING = 2;
/** 32 bits a pixel, 24 deep, little-endian, true colour, 8 bits each for red, green and blue; three bytes unused. */
const PIXEL_FORMAT = Buffer.from([32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0, 0, 0, 0]);

/** Messages of clients: the whole length, once its first bytes are there; undefined until then. */
const LENGTHS: Readonly<Record<number, (head: Buffer) => number | undefined>> = {
  0: () => 20,
  2: (head) => (head.length < 4 ? undefined : 4 + 4 * head.readUInt16BE(2)),
  3: () => 10,
  4: () => 8,
  5: () => 6,
  6: (head) => (head.length < 8 ? undefined : 8 + Math.abs(head.readInt32BE(4))),
};
const MAX_MESSAGE_BYTES = 1024 * 1024;
const UPDATE_REQUEST = 3;
const KEY_EVENT = 4;

type Phase = 'version' | 'security' | 'client-init' | 'open';

/** A screen; its colour changes with every key that is pressed, so that both directions can be seen. */
class RfbScreen extends Duplex {
  private phase: Phase = 'version';
  private received = Buffer.alloc(0);
  private keys = 0;
  private wanted = false;

  constructor(private readonly title: string) {
    super();
    this.push(VERSION);
  }

  override _read(): void {
    // Everything is pushed when it happens; a client that does not read asks for no further update.
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.received = Buffer.concat([this.received, chunk]);
    while (this.step()) continue;
    done();
  }

  override _final(done: () => void): void {
    this.push(null);
    done();
  }

  private takeBytes(length: number): Buffer | undefined {
    if (this.received.length < length) return undefined;
    const taken = this.received.subarray(0, length);
    this.received = this.received.subarray(length);
    return taken;
  }

  /** Answers one message; false when none is complete. */
  private step(): boolean {
    switch (this.phase) {
      case 'version':
        if (!this.takeBytes(VERSION.length)) return false;
        this.push(Buffer.from([1, SECURITY_NONE]));
        this.phase = 'security';
        return true;
      case 'security':
        if (!this.takeBytes(1)) return false;
        this.push(Buffer.alloc(4));
        this.phase = 'client-init';
        return true;
      case 'client-init':
        if (!this.takeBytes(1)) return false;
        this.push(this.serverInit());
        this.phase = 'open';
        return true;
      case 'open':
        return this.answer();
    }
  }

  private answer(): boolean {
    const type = this.received[0];
    if (type === undefined) return false;
    const lengthOf = LENGTHS[type];
    const length = lengthOf?.(this.received) ?? 0;
    if (!lengthOf || length > MAX_MESSAGE_BYTES) {
      this.destroy();
      return false;
    }
    const message = length === 0 ? undefined : this.takeBytes(length);
    if (!message) return false;
    const pressed = type === KEY_EVENT && message[1] === 1;
    if (pressed) this.keys += 1;
    if (type === UPDATE_REQUEST) this.wanted = true;
    // An incremental request is answered when something has changed.
    const isFull = type === UPDATE_REQUEST && message[1] === 0;
    if (this.wanted && (isFull || pressed)) {
      this.wanted = false;
      this.push(this.update());
    }
    return true;
  }

  private serverInit(): Buffer {
    const name = Buffer.from(this.title);
    const head = Buffer.alloc(4);
    head.writeUInt16BE(WIDTH, 0);
    head.writeUInt16BE(HEIGHT, 2);
    const nameLength = Buffer.alloc(4);
    nameLength.writeUInt32BE(name.length);
    return Buffer.concat([head, PIXEL_FORMAT, nameLength, name]);
  }

  private update(): Buffer {
    const message = Buffer.alloc(24);
    message.writeUInt16BE(1, 2);
    message.writeUInt16BE(WIDTH, 8);
    message.writeUInt16BE(HEIGHT, 10);
    message.writeInt32BE(RRE_ENCODING, 12);
    // No rectangles above the background, whose four bytes are its colour.
    message.writeUInt32LE(0x40_60_80 + this.keys * 0x30_10_10, 20);
    return message;
  }
}

/** Opens the console of a machine of that name. */
export function openRfbScreen(title: string): Duplex {
  return new RfbScreen(title);
}

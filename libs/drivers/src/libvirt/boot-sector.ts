/**
 * A guest of 512 bytes: prints to the first serial port, then sleeps until the ACPI power button is pressed.
 *
 * The smallest thing that proves that a machine really executes code, and that can be asked to shut down. Used by the
 * accelerator probe and by tests. Real mode, on SeaBIOS and machine type q35 (ACPI registers at 0x600).
 */
import { invariant } from '@durastack/contracts/errors';

const SECTOR_BYTES = 512;
const DISK_BYTES = 1024 * 1024;

/** Stack below the sector; prints the text at `<message>`; enables the power button event (PM1_EN, 0x602). */
const PRINT = [
  [0xb9, 0x00, 0x00], // mov cx,<ticks>
  [0x31, 0xc0, 0x8e, 0xd8, 0x8e, 0xd0], // xor ax,ax; mov ds,ax; mov ss,ax
  [0xbc, 0x00, 0x7c], // mov sp,0x7c00
  [0xbe, 0x00, 0x7c], // mov si,<message>
  [0xac, 0x84, 0xc0, 0x74, 0x06], // lodsb; test al,al; jz +6
  [0xba, 0xf8, 0x03, 0xee, 0xeb, 0xf5], // mov dx,0x3f8; out dx,al; jmp lodsb
  [0xba, 0x02, 0x06, 0xb8, 0x00, 0x01, 0xef], // mov dx,0x602; mov ax,0x100; out dx,ax
].flat();
const TICKS_AT = 1;
const MESSAGE_AT = 13;

/** Sleeps from one timer tick to the next until PM1_STS (0x600) shows the button. */
const AWAIT_BUTTON = [
  [0xfb, 0xf4], // sti; hlt
  [0xba, 0x00, 0x06, 0xed], // mov dx,0x600; in ax,dx
  [0xf6, 0xc4, 0x01, 0x74, 0xf6], // test ah,1; jz hlt
].flat();

/** Sleeps `<ticks>` timer ticks of 55 ms. */
const AWAIT_TICKS = [0xfb, 0xf4, 0x49, 0x75, 0xfc]; // sti; hlt; dec cx; jnz hlt

/** Switches the machine off by PM1_CNT (0x604): sleep enable, type 0. */
const POWER_OFF = [0xba, 0x04, 0x06, 0xb8, 0x00, 0x20, 0xef, 0xeb, 0xfe];

/**
 * A bootable raw disk of 1 MiB (SeaBIOS does not boot from much smaller ones).
 *
 * @param message ASCII text it prints once it runs, at most 400 characters
 * @param options `powerOffAfterTicks`: it switches itself off after so many ticks of 55 ms instead of awaiting the
 * power button (1 to 65535)
 */
export function bootDisk(message: string, options: { powerOffAfterTicks?: number } = {}): Buffer {
  const ticks = options.powerOffAfterTicks;
  const code = Buffer.from([...PRINT, ...(ticks === undefined ? AWAIT_BUTTON : AWAIT_TICKS), ...POWER_OFF]);
  const text = Buffer.from(message, 'latin1');
  invariant(text.length <= 400, `The boot sector's text is ${text.length} bytes long; at most 400 fit`);
  code.writeUInt16LE(ticks ?? 0, TICKS_AT);
  code.writeUInt16LE(0x7c00 + code.length, MESSAGE_AT);
  const disk = Buffer.alloc(DISK_BYTES);
  code.copy(disk);
  text.copy(disk, code.length);
  disk.writeUInt16BE(0x55aa, SECTOR_BYTES - 2);
  return disk;
}

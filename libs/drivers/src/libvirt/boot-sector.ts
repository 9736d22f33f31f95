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

/** In protected mode from `<gdt>`; prints the text behind it; ends in {@link WRITE_MEMORY}. */
const ENTER_FLAT = [
  [0x31, 0xc0, 0x8e, 0xd8, 0x8e, 0xd0, 0xbc, 0x00, 0x7c], // xor ax,ax; mov ds,ax; mov ss,ax; mov sp,0x7c00
  [0xe4, 0x92, 0x0c, 0x02, 0xe6, 0x92, 0xfa], // in al,0x92; or al,2; out 0x92,al (A20); cli
  [0x66, 0x0f, 0x01, 0x16, 0x9c, 0x7c], // lgdt [0x7c9c]
  [0x0f, 0x20, 0xc0, 0x0c, 0x01, 0x0f, 0x22, 0xc0], // mov eax,cr0; or al,1; mov cr0,eax
  [0x66, 0xea, 0x26, 0x7c, 0x00, 0x00, 0x08, 0x00], // jmp 8:0x7c26
  [0x66, 0xb8, 0x10, 0x00, 0x8e, 0xd8, 0x8e, 0xc0], // mov ax,0x10; mov ds,ax; mov es,ax
  [0xbe, 0xa2, 0x7c, 0x00, 0x00, 0xac, 0x84, 0xc0, 0x74, 0x07], // mov esi,0x7ca2; lodsb; test al,al; jz +7
  [0x66, 0xba, 0xf8, 0x03, 0xee, 0xeb, 0xf4], // mov dx,0x3f8; out dx,al; jmp lodsb
].flat();

/** Adds one to a word of every page from 2 MiB to `<end>`, again and again; `X` for one that is not as it was left. */
const WRITE_MEMORY = [
  [0x31, 0xdb, 0x31, 0xc9], // xor ebx,ebx; xor ecx,ecx
  [0xbf, 0x00, 0x00, 0x20, 0x00], // pass: mov edi,0x200000
  [0x39, 0x1f, 0x74, 0x0b], // page: cmp [edi],ebx; je +11
  [0x85, 0xc9, 0x74, 0x07], // test ecx,ecx; jz +7 (nothing was written in the first pass)
  [0xb0, 0x58, 0x66, 0xba, 0xf8, 0x03, 0xee], // mov al,'X'; mov dx,0x3f8; out dx,al
  [0x8d, 0x43, 0x01, 0x89, 0x07], // lea eax,[ebx+1]; mov [edi],eax
  [0x81, 0xc7, 0x00, 0x10, 0x00, 0x00], // add edi,0x1000
  [0x81, 0xff, 0x00, 0x00, 0x00, 0x00, 0x72, 0xde], // cmp edi,<end>; jb page
  [0xb9, 0x01, 0x00, 0x00, 0x00, 0x43], // mov ecx,1; inc ebx
  [0xf7, 0xc3, 0xff, 0x03, 0x00, 0x00, 0x75, 0xcb], // test ebx,0x3ff; jnz pass
  [0xb0, 0x2e, 0x66, 0xba, 0xf8, 0x03, 0xee, 0xeb, 0xc2], // mov al,'.'; mov dx,0x3f8; out dx,al; jmp pass
].flat();
const END_AT = ENTER_FLAT.length + 37;
/** Flat code and data segments of 4 GiB, and where they are. */
const DESCRIPTORS = [
  [0x00, 0x00, 0x00], // alignment
  [0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00],
  [0xff, 0xff, 0x00, 0x00, 0x00, 0x9a, 0xcf, 0x00],
  [0xff, 0xff, 0x00, 0x00, 0x00, 0x92, 0xcf, 0x00],
  [0x17, 0x00, 0x84, 0x7c, 0x00, 0x00],
].flat();

/**
 * As {@link bootDisk}: a guest that prints the message and then writes to its memory for ever, faster than a slow link
 * can copy it, and checks what it wrote: a dot now and then while all is well, `X` for every page that is not.
 *
 * @param untilMib how much memory it writes to; less than it has
 */
export function busyDisk(message: string, untilMib: number): Buffer {
  const code = Buffer.from([...ENTER_FLAT, ...WRITE_MEMORY, ...DESCRIPTORS]);
  code.writeUInt32LE(untilMib * 2 ** 20, END_AT);
  const disk = Buffer.alloc(DISK_BYTES);
  code.copy(disk);
  disk.write(message, code.length, 'latin1');
  disk.writeUInt16BE(0x55aa, SECTOR_BYTES - 2);
  return disk;
}

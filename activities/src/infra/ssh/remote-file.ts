/** Sends files to a host through the standard input of commands: no SFTP, resumable, all or nothing. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { DurastackError } from '@durastack/contracts/errors';
import type { RemoteShell } from './remote-shell.js';

/** The first one; each next one is twice as long while they are fast, so that a slow link loses little at a break. */
const FIRST_SLICE_BYTES = 4 * 1024 * 1024;
const LONGEST_SLICE_BYTES = 32 * 1024 * 1024;
const FAST_SLICE_MS = 1_500;
const SLICE_TIMEOUT_S = 25;
const SMALL_TIMEOUT_S = 20;

/** A large file to be sent. */
export interface FileToSend {
  /** Here. */
  readonly from: string;
  /** There; its folder exists. */
  readonly to: string;
  /** Octal, e.g. `755`. */
  readonly mode: string;
  /** An argument with which it is run once, before it takes its place, to see whether it works there. */
  readonly tryWith?: string;
}

/** How sending a file stands. */
export type Transfer =
  { readonly done: true; readonly sentAnything: boolean } | { readonly done: false; readonly detail: string };

/** Prints how much of `$2` (the part) is there, or `same` when `$1` is already what is to be sent (sum `$3`). */
const BEGIN = `
sum() { sha256sum "$1" | cut -d ' ' -f 1; }
if [ -f "$1" ] && [ "$(sum "$1")" = "$3" ]; then echo same; exit 0; fi
find "$(dirname "$2")" -maxdepth 1 -name ".$(basename "$1").*.part" ! -path "$2" -delete
stat -c %s "$2" 2>/dev/null || echo 0
`;

/** Parts are named by their content: two senders write the same bytes to the same places. */
const SLICE = 'dd of="$1" bs=1M seek="$2" oflag=seek_bytes iflag=fullblock conv=notrunc,fsync status=none';

/** `$1` target, `$2` part, `$3` sum, `$4` mode, `$5` an argument to try it with. */
const FINISH = `
if [ "$(sha256sum "$2" | cut -d ' ' -f 1)" != "$3" ]; then rm -f "$2"; echo damaged; exit 0; fi
chmod "$4" "$2"
if [ -n "$5" ] && ! "$2" "$5" > /dev/null; then rm -f "$2"; echo "$(basename "$1") does not run on this system" >&2; exit 1; fi
mv -f "$2" "$1"
sync "$(dirname "$1")"
`;

/**
 * Sends a file, as far as it gets until the deadline; the next call goes on from there.
 *
 * @param deadline as `Date.now()` gives it
 * @throws DurastackError STEP_REFUSED when the host cannot write or run it
 */
export async function sendFile(shell: RemoteShell, file: FileToSend, deadline: number): Promise<Transfer> {
  const sum = await sumOf(file.from);
  const { size } = await stat(file.from);
  const name = file.to.slice(file.to.lastIndexOf('/') + 1);
  const part = `${file.to.slice(0, -name.length)}.${name}.${sum.slice(0, 16)}.part`;
  const what = `writing ${file.to}`;
  const present = (await shell.run(BEGIN, [file.to, part, sum], { what })).trim();
  if (present === 'same') return { done: true, sentAnything: false };
  // What lies past the end of the file came from another one; damage is found by the sum, and only a part that was
  // there before can have any.
  const starts = [...new Set([Math.min(Number(present), size), 0])];
  for (const start of starts) {
    const reached = await sendFrom(shell, { file, part, start, size, deadline });
    if (reached < size) return { done: false, detail: `sending ${name}: ${Math.floor((100 * reached) / size)} %` };
    const said = await shell.run(FINISH, [file.to, part, sum, file.mode, file.tryWith ?? ''], { what });
    if (said.trim() !== 'damaged') return { done: true, sentAnything: true };
  }
  throw new DurastackError('STEP_REFUSED', `${file.to} arrived damaged; check the disk and the memory of the host.`);
}

/** @returns how many bytes are there when it ends, at the end of the file or at the deadline */
async function sendFrom(
  shell: RemoteShell,
  plan: { file: FileToSend; part: string; start: number; size: number; deadline: number },
): Promise<number> {
  const { file, part, size, deadline } = plan;
  const source = await open(file.from, 'r');
  try {
    let offset = plan.start;
    let sliceBytes = FIRST_SLICE_BYTES;
    while (offset < size && Date.now() <= deadline) {
      const input = Buffer.alloc(Math.min(sliceBytes, size - offset));
      await source.read(input, 0, input.length, offset);
      const what = `writing ${file.to}`;
      const began = performance.now();
      await shell.run(SLICE, [part, String(offset)], { what, input, timeoutS: SLICE_TIMEOUT_S });
      offset += input.length;
      if (performance.now() - began < FAST_SLICE_MS) sliceBytes = Math.min(2 * sliceBytes, LONGEST_SLICE_BYTES);
    }
    return offset;
  } finally {
    await source.close();
  }
}

/** Writes a small file at once. */
export async function writeSmallFile(
  shell: RemoteShell,
  file: { readonly to: string; readonly mode: string; readonly content: string },
): Promise<void> {
  const script = `
part=$(mktemp "$1.XXXXXX")
cat > "$part"
chmod "$2" "$part"
sync "$part"
mv -f "$part" "$1"
`;
  await shell.run(script, [file.to, file.mode], {
    what: `writing ${file.to}`,
    input: file.content,
    timeoutS: SMALL_TIMEOUT_S,
  });
}

const sums = new Map<string, string>();

/** SHA-256 of a file here; kept while the file is the same one. */
async function sumOf(path: string): Promise<string> {
  const { size, mtimeMs, ino } = await stat(path);
  const key = `${path} ${ino} ${size} ${mtimeMs}`;
  const known = sums.get(key);
  if (known !== undefined) return known;
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  const sum = hash.digest('hex');
  sums.set(key, sum);
  return sum;
}

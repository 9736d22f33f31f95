/** On which mount a directory lies, as the kernel tells without asking the file system, which may hang. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';

const MARK_LENGTH = 12;
const MOST_CHARACTERS = 200;

/**
 * The mount below which the path lies: kind, source, and a mark over everything that can change when it is mounted
 * again (its number, device and options).
 *
 * @returns for example `nfs4 filer:/vms #0f32c1a9be41`; undefined when the kernel names none
 */
export async function mountOf(path: string): Promise<string | undefined> {
  return mountIn(await readFile('/proc/self/mountinfo', 'utf8'), path);
}

/** As {@link mountOf}, by the text of a `mountinfo` (proc(5)); of several on one place the last covers the others. */
export function mountIn(mountinfo: string, path: string): string | undefined {
  let best: { readonly point: string; readonly line: string } | undefined;
  for (const line of mountinfo.split('\n')) {
    const point = unescaped(line.split(' ')[4] ?? '');
    const covers = point === '/' || path === point || path.startsWith(`${point}/`);
    if (point !== '' && covers && point.length >= (best?.point.length ?? 0)) best = { point, line };
  }
  if (best === undefined) return undefined;
  const [before = '', after = ''] = best.line.split(' - ');
  const [kind = '', source = ''] = after.split(' ');
  // Not the optional fields between options and the dash: they tell of other mounts.
  const own = [...before.split(' ').slice(0, 6), after].join(' ');
  const mark = createHash('sha256').update(own).digest('hex').slice(0, MARK_LENGTH);
  return `${`${kind} ${unescaped(source)}`.slice(0, MOST_CHARACTERS)} #${mark}`;
}

const unescaped = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));

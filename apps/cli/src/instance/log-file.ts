/** Log files of the parts: the line that tells why one failed, and following them. */
import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';

const TAIL_BYTES = 64 * 1024;
const PINO_ERROR = 50;

/** The log file of a part. */
export function logFileOf(logs: string, part: string): string {
  return join(logs, `${part}.log`);
}

/**
 * The line that tells most about a failure: the last error, else the last line.
 *
 * @param path a log file of JSON lines or of plain text
 * @param from byte offset at which the interesting part begins
 */
export function tellingLine(path: string, from = 0): string {
  const lines = readTail(path, from)
    .split('\n')
    .filter((line) => line.trim() !== '');
  const error = lines.findLast((line) => isError(line));
  const line = error ?? lines.at(-1);
  return line === undefined ? `it wrote nothing to ${path}` : `${plainText(line)} (log: ${path})`;
}

/** The last bytes of a file, beginning with a whole line. */
export function readTail(path: string, from = 0, maxBytes = TAIL_BYTES): string {
  if (!existsSync(path)) return '';
  const file = openSync(path, 'r');
  try {
    const size = fstatSync(file).size;
    const start = Math.max(from, size - maxBytes);
    const buffer = Buffer.alloc(Math.max(0, size - start));
    readSync(file, buffer, 0, buffer.length, start);
    const text = buffer.toString('utf8');
    return start > from ? text.slice(text.indexOf('\n') + 1) : text;
  } finally {
    closeSync(file);
  }
}

function isError(line: string): boolean {
  const json = asJson(line);
  if (json !== undefined) return Number(json['level']) >= PINO_ERROR || json['level'] === 'error';
  return /\[ERROR\]|\berror\b/i.test(line);
}

function plainText(line: string): string {
  const json = asJson(line);
  if (json === undefined) return line.trim().slice(0, 400);
  const detail = json['err'];
  const cause =
    typeof detail === 'object' && detail !== null && 'message' in detail ? `: ${String(detail.message)}` : '';
  return `${String(json['msg'] ?? json['message'] ?? line)}${cause}`.slice(0, 400);
}

function asJson(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch (error) {
    // A line cut off by a crash is shown as it is.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Files that are there whole or not at all, whatever is killed when. */
import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { DurastackError } from '@durastack/contracts/errors';
import type { z } from 'zod';

/** Makes a directory that only its owner may enter. */
export function ensurePrivateDirectory(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
}

/** Flushes a directory, so that renames in it survive a power cut. */
export function syncDirectory(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Replaces a file, readable by its owner only; returns when it is on the disk. */
export function writeDurableFile(path: string, text: string): void {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.part`;
  try {
    const descriptor = openSync(temporary, 'wx', 0o600);
    try {
      writeSync(descriptor, text);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw new DurastackError('ENVIRONMENT', `Cannot write ${path}; is the disk full or read-only?`, { cause: error });
  }
  syncDirectory(dirname(path));
}

/** A file's text; undefined when there is none. ENVIRONMENT when it cannot be read. */
export function readOptionalFile(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new DurastackError('ENVIRONMENT', `Cannot read ${path}.`, { cause: error });
  }
}

/** A JSON file of a known shape; undefined when there is none. ENVIRONMENT when it is damaged. */
export function readJsonFile<S extends z.ZodType>(path: string, schema: S): z.infer<S> | undefined {
  const text = readOptionalFile(path);
  if (text === undefined) return undefined;
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    const message = `${path} is damaged; restore it, or remove it and enrol this host again.`;
    throw new DurastackError('ENVIRONMENT', message, { cause: error });
  }
}

/** The administrator's keys and addresses of an instance, in a file that its owner alone can read. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { DurastackError } from '@durastack/contracts/errors';
import type { Home } from '../instance/home.js';
import type { ApiAccess } from './api-client.js';

const adminFile = z.object({ url: z.url(), apiKey: z.string().min(1), secretKey: z.string().min(1) });

/** Writes the file anew. */
export function saveAdminAccess(home: Home, access: ApiAccess): void {
  writeFileSync(home.adminFile, `${JSON.stringify(access, null, 2)}\n`, { mode: 0o600 });
}

/**
 * Reads the file.
 *
 * @throws ENVIRONMENT when there is none or it may not be read
 */
export function loadAdminAccess(home: Home): ApiAccess {
  if (!existsSync(home.adminFile)) {
    throw new DurastackError('ENVIRONMENT', `There is no running instance in ${home.root}; start one with "dura up".`);
  }
  try {
    return adminFile.parse(JSON.parse(readFileSync(home.adminFile, 'utf8')));
  } catch (error) {
    const message = `The administrator's keys in ${home.adminFile} cannot be read; run as the user who started it (root).`;
    throw new DurastackError('ENVIRONMENT', message, { cause: error });
  }
}

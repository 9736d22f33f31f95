/** Disks and images that the instance put into directories of the user's choice, outside its own. */
import { existsSync, rmSync } from 'node:fs';
import { join, sep } from 'node:path';
import { mariadbAnswers, mariadbSocket, startMariadb } from '../parts/mariadb.js';
import { runOrFail } from '../system/run.js';
import type { Home } from './home.js';
import { logFileOf } from './log-file.js';
import type { ProcessRecord } from './instance-file.js';
import { stopProcess } from './processes.js';

/** Paths of all files that may be there, relative names below pools and image stores as hosts lay them out. */
const QUERY = `
SELECT p.path, CONCAT('volumes/', v.id, '.qcow2') FROM storage_pool p JOIN volume v ON v.pool_id = p.id WHERE p.kind <> 'rbd';
SELECT p.path, CONCAT('templates/', t.template_id, '.qcow2')
  FROM storage_pool p JOIN template_on_pool t ON t.pool_id = p.id WHERE p.kind <> 'rbd';
SELECT s.path, CONCAT(t.id, '.qcow2') FROM image_store s JOIN template t ON t.store_id = s.id;
`;

/**
 * Removes them; whatever else is in those directories stays.
 *
 * @param home the instance, whose database is started for it when it does not run
 * @returns how many files were removed
 */
export async function removeOutsideFiles(home: Home): Promise<number> {
  if (!existsSync(join(home.mariadb, 'data'))) return 0;
  let started: ProcessRecord | undefined;
  if (!(await mariadbAnswers(home.mariadb))) {
    const places = { directory: home.mariadb, logFile: logFileOf(home.logs, 'mariadb') };
    await startMariadb(places, (process) => (started = process.record));
  }
  try {
    const files = (await knownFiles(home)).filter((file) => !isInside(file, home) && existsSync(file));
    for (const file of files) rmSync(file);
    return files.length;
  } finally {
    if (started !== undefined) await stopProcess(started);
  }
}

async function knownFiles(home: Home): Promise<string[]> {
  const socket = mariadbSocket(home.mariadb);
  const options = ['--no-defaults', `--socket=${socket}`, '--user=root', '--batch', '--raw', '--skip-column-names'];
  const tables = await runOrFail('Reading the database', 'mariadb', [...options, '-e', 'SHOW TABLES', 'durastack']);
  // Never migrated: the first start failed before that.
  if (!tables.split('\n').includes('storage_pool')) return [];
  const rows = await runOrFail('Reading the database', 'mariadb', [...options, 'durastack'], { input: QUERY });
  return rows
    .split('\n')
    .filter((row) => row !== '')
    .map((row) => join(...(row.split('\t') as [string, string])));
}

function isInside(file: string, home: Home): boolean {
  return [home.root, home.work].some((directory) => file.startsWith(directory + sep));
}

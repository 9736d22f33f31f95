/** The command catalogue: every declaration found in the contracts package, so that adding one touches no list. */
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { isCommand, type Command } from '@durastack/contracts/command';
import { DurastackError } from '@durastack/contracts/errors';

/** Every module below a folder whose name (without extension) ends so, imported. Compiled or not. */
export async function importModules(folder: string, suffix: string): Promise<object[]> {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.[jt]s$/.test(file) && !/\.d\.ts$|\.spec\.[jt]s$/.test(file))
    .filter((file) => file.replace(/\.[jt]s$/, '').endsWith(suffix))
    .sort();
  return Promise.all(files.map((file) => import(pathToFileURL(join(folder, file)).href) as Promise<object>));
}

/**
 * Every declared command, by name.
 *
 * @throws DurastackError BUG when two bear the same name (compared without case) or the same REST route
 */
export async function loadCatalogue(): Promise<ReadonlyMap<string, Command>> {
  const folder = dirname(fileURLToPath(import.meta.resolve('@durastack/contracts/command')));
  const commands = new Map<string, Command>();
  const taken = new Map<string, string>();
  for (const module of await importModules(folder, '')) {
    for (const command of Object.values(module).filter(isCommand)) {
      const keys = [command.name.toLowerCase(), `${command.rest.method} ${command.rest.path}`];
      for (const key of keys) {
        const other = taken.get(key);
        if (other !== undefined)
          throw new DurastackError('BUG', `The commands ${other} and ${command.name} are both declared as ${key}.`);
        taken.set(key, command.name);
      }
      commands.set(command.name, command);
    }
  }
  return commands;
}

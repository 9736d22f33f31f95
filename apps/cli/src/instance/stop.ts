/** Stopping an instance's parts, in the order that lets each finish what it does. */
import { stopLibvirtd } from '../parts/libvirtd.js';
import type { InstanceFile, PartName } from './instance-file.js';
import { isRunning, stopProcess } from './processes.js';

/** What calls others goes first. */
const ORDER: readonly (readonly PartName[])[] = [
  ['api', 'worker', 'agent'],
  ['temporal', 'mariadb', 'libvirtd'],
];

/**
 * Stops parts. Machines keep running.
 *
 * @param names the parts to stop; those that do not run are only forgotten
 * @returns which of them ran
 */
export async function stopParts(file: InstanceFile, names: readonly PartName[]): Promise<PartName[]> {
  const ran: PartName[] = [];
  for (const group of ORDER) {
    await Promise.all(
      group
        .filter((name) => names.includes(name))
        .map(async (name) => {
          if (await stopPart(file, name)) ran.push(name);
        }),
    );
  }
  return ran;
}

async function stopPart(file: InstanceFile, name: PartName): Promise<boolean> {
  const record = file.process(name);
  const runs = isRunning(record);
  if (name === 'libvirtd') await stopLibvirtd(file);
  else if (runs) await stopProcess(record);
  file.forget(name);
  return runs;
}

import { readFileSync } from 'node:fs';

/** The id of the machine's present boot: another one each time that it is started. */
export function readBootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}

/** Starts of QEMU, from the logs that libvirt keeps of machines. */
import type { SimulatedEffect } from '@durastack/drivers/simulator/effect-log';
import { autocommit } from '@durastack/store/database/transaction';
import type { DataSource } from 'typeorm';

/** The log of one machine. */
export interface QemuLog {
  /** As libvirt names the machine. */
  readonly machine: string;
  readonly text: string;
}

const START = /^(?=\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}\+0000: starting up )/m;
const STARTED_AT = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d\.\d{3})\+0000: starting up /;
/** The other end of a migration, which takes over what runs. */
const IS_INCOMING = /\s-incoming\s/;

/**
 * Every start, in order. Which host it was on is left open: copies on two hosts at once are what a witness looks for.
 *
 * @param since milliseconds since the epoch; what was before belongs to somebody else
 */
export async function readStarts(
  source: DataSource,
  logs: readonly QemuLog[],
  since: number,
): Promise<SimulatedEffect[]> {
  const rows = await autocommit(source).query<{ id: string; instanceName: string }>(
    'SELECT id, instance_name AS instanceName FROM virtual_machine',
  );
  const ids = new Map(rows.map(({ id, instanceName }) => [instanceName, id]));
  return logs
    .flatMap(({ machine, text }) => {
      const id = ids.get(machine);
      return id === undefined
        ? []
        : startsOf(text).map((at): SimulatedEffect => ({ at, hostId: '', kind: 'vm-running', id }));
    })
    .filter(({ at }) => at >= since)
    .sort((a, b) => a.at - b.at);
}

function startsOf(text: string): number[] {
  return text.split(START).flatMap((block) => {
    const [, day, time] = STARTED_AT.exec(block) ?? [];
    return day === undefined || IS_INCOMING.test(block) ? [] : [Date.parse(`${day}T${time}Z`)];
  });
}

/** What hosts and their machines used of late. */
import { z } from 'zod';
import type { Heartbeat } from '@durastack/contracts/agent/wire';
import type { Tx } from '../database/transaction.js';

/** Processors in MHz, memory in MiB. */
export interface MeasuredUse {
  readonly cpuMhz: number;
  readonly memoryMib: number;
}

/** A host's report. */
export interface HostUse extends MeasuredUse {
  readonly machines: ReadonlyMap<string, MeasuredUse>;
}

/** Older reports say nothing about now. */
const MAX_AGE_MINUTES = 30;

const machinesJson = z.array(z.tuple([z.string(), z.number(), z.number()]));

/** Keeps the reports that came with heartbeats: one row for each host, all in one statement. */
export async function writeHostUse(tx: Tx, heartbeats: readonly Heartbeat[]): Promise<void> {
  const rows = heartbeats.flatMap(({ hostId, use }) =>
    use === undefined
      ? []
      : [
          [
            hostId,
            Math.round(use.cpuMhz),
            Math.round(use.memoryMib),
            JSON.stringify(
              use.machines.map(({ id, cpuMhz, memoryMib }) => [id, Math.round(cpuMhz), Math.round(memoryMib)]),
            ),
          ],
        ],
  );
  if (rows.length === 0) return;
  await tx.execute(
    `INSERT INTO host_usage (host_id, measured_at, cpu_mhz, memory_mib, machines_json) VALUES ${rows.map(() => '(?, NOW(3), ?, ?, ?)').join(', ')}
     ON DUPLICATE KEY UPDATE measured_at = VALUES(measured_at), cpu_mhz = VALUES(cpu_mhz), memory_mib = VALUES(memory_mib),
       machines_json = VALUES(machines_json)`,
    rows.flat(),
  );
}

/** The last report of each of these hosts, as far as it is not too old. */
export async function readHostUse(tx: Tx, hostIds: readonly string[]): Promise<ReadonlyMap<string, HostUse>> {
  if (hostIds.length === 0) return new Map();
  const rows = await tx.query<{ hostId: string; cpuMhz: number; memoryMib: number; json: string }>(
    `SELECT host_id AS hostId, cpu_mhz AS cpuMhz, memory_mib AS memoryMib, machines_json AS json FROM host_usage
      WHERE host_id IN (?) AND measured_at > NOW(3) - INTERVAL ${MAX_AGE_MINUTES} MINUTE`,
    [hostIds],
  );
  return new Map(
    rows.map(({ hostId, cpuMhz, memoryMib, json }) => [
      hostId,
      {
        ...{ cpuMhz, memoryMib },
        machines: new Map(
          machinesJson.parse(JSON.parse(json)).map(([id, cpu, memory]) => [id, { cpuMhz: cpu, memoryMib: memory }]),
        ),
      },
    ]),
  );
}

/** What a machine used, as its host measured it. */
export interface MachineUse {
  /** Processors of its host: 0.5 is half of one. */
  readonly processors: number;
  readonly memoryMib: number;
}

/** What these machines used by the last report of the host that each is on, as far as that is not too old. */
export async function readMachineUse(tx: Tx, vmIds: readonly string[]): Promise<ReadonlyMap<string, MachineUse>> {
  if (vmIds.length === 0) return new Map();
  const placed = await tx.query<{ id: string; hostId: string; hostMhz: number }>(
    `SELECT v.id, v.host_id AS hostId, h.cpu_mhz AS hostMhz FROM virtual_machine v JOIN host h ON h.id = v.host_id
      WHERE v.id IN (?)`,
    [vmIds],
  );
  const hosts = await readHostUse(tx, [...new Set(placed.map(({ hostId }) => hostId))]);
  const found = new Map<string, MachineUse>();
  for (const { id, hostId, hostMhz } of placed) {
    const use = hosts.get(hostId)?.machines.get(id);
    if (use) found.set(id, { processors: use.cpuMhz / Math.max(1, hostMhz), memoryMib: use.memoryMib });
  }
  return found;
}

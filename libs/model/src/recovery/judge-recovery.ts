/**
 * What follows when rows of an older backup meet what really is on the hosts. Pure.
 *
 * Places and power are taken from what runs. Nothing is started and nothing removed: what only a person can decide
 * is listed. Operations that the rows hold open end by what was found, or go on where going on can do no harm.
 */
import { judgeMachine, type DiskFacts, type MachineCase, type Sighting } from './judge-machine.js';
import type {
  OpenOperation,
  OperationVerdict,
  RecoveryFacts,
  RecoveryFinding,
  RecoveryVerdict,
  VolumeRow,
  VolumeVerdict,
} from './recovery-facts.js';

/** Operations that ask for one thing of a machine: what was found says whether it is done. */
const JUDGED_BY_MACHINE = new Set(['deployVirtualMachine']);

/** Judges all. */
export function judgeRecovery(facts: RecoveryFacts): RecoveryVerdict {
  const sightings = sightingsOf(facts);
  const disks = new DiskFinder(facts);
  const volumeOfVm = new Map(facts.volumes.flatMap((row) => (row.vmId === null ? [] : [[row.vmId, row] as const])));
  const ofMachine = new Map<string, OpenOperation>();
  const others: OpenOperation[] = [];
  for (const operation of facts.operations) {
    const judged = operation.begun || operation.state === 'needs-attention' || JUDGED_BY_MACHINE.has(operation.kind);
    if (operation.resource.type === 'virtual-machine' && judged && !ofMachine.has(operation.resource.id))
      ofMachine.set(operation.resource.id, operation);
    else others.push(operation);
  }
  const judgements = facts.machines.map((row) => {
    const volume = volumeOfVm.get(row.id);
    const one: MachineCase = {
      row,
      volume,
      disk: disks.find(volume),
      sightings: sightings.get(row.id) ?? [],
      operation: ofMachine.get(row.id),
    };
    return judgeMachine(one);
  });
  const operations = [
    ...others.map(judgeOther),
    ...judgements.flatMap(({ operation }) => (operation ? [operation] : [])),
  ];
  return {
    machines: judgements.map(({ machine }) => machine).filter(({ place, event }) => place ?? event),
    volumes: [...judgements.flatMap(({ volume }) => (volume ? [volume] : [])), ...movedVolumes(facts, disks)],
    operations,
    findings: [
      ...judgements.flatMap(({ findings }) => findings),
      ...strangers(facts),
      ...missingVolumes(facts, disks),
      ...volumesOnTwoPools(facts, disks),
      ...endedOperations(facts, operations),
    ],
  };
}

function sightingsOf({ hosts }: RecoveryFacts): Map<string, Sighting[]> {
  const byVm = new Map<string, Sighting[]>();
  for (const { id: hostId, inventory } of hosts) {
    for (const { id, power } of inventory?.vms ?? []) {
      if (power === 'absent') continue;
      byVm.set(id, [...(byVm.get(id) ?? []), { hostId, power }]);
    }
  }
  return byVm;
}

/** Where volumes are, by what all hosts saw of their pools. */
class DiskFinder {
  private readonly poolsOf = new Map<string, string[]>();
  /** Pools that were read, and how much was found on them. */
  readonly found = new Map<string, number>();
  private readonly expected = new Map<string, number>();
  private readonly names: ReadonlyMap<string, string>;

  constructor({ hosts, volumes, pools }: RecoveryFacts) {
    this.names = new Map(pools.map(({ id, name }) => [id, name]));
    const onPool = new Map<string, Set<string>>();
    for (const { inventory } of hosts) {
      for (const [poolId, ids] of Object.entries(inventory?.volumes ?? {})) {
        const there = onPool.get(poolId) ?? new Set();
        for (const id of ids) there.add(id);
        onPool.set(poolId, there);
      }
    }
    for (const [poolId, ids] of onPool) {
      this.found.set(poolId, ids.size);
      for (const id of ids) this.poolsOf.set(id, [...(this.poolsOf.get(id) ?? []), poolId]);
    }
    for (const { poolId, state } of volumes)
      if (poolId !== null && exists(state)) this.expected.set(poolId, (this.expected.get(poolId) ?? 0) + 1);
  }

  /** Nothing was found, although rows say that more than one thing should be there. */
  looksEmpty(poolId: string): boolean {
    return this.found.get(poolId) === 0 && (this.expected.get(poolId) ?? 0) > 1;
  }

  /** Names of the pools on which it lies. */
  poolNamesOf(volumeId: string): string[] {
    return (this.poolsOf.get(volumeId) ?? []).map((id) => this.names.get(id) ?? id);
  }

  find(volume: VolumeRow | undefined): DiskFacts {
    if (volume === undefined) return { kind: 'gone' };
    const pools = this.poolsOf.get(volume.id) ?? [];
    const poolId = pools.find((id) => id === volume.poolId) ?? pools[0];
    if (poolId !== undefined) return { kind: 'there', poolId };
    if (volume.poolId === null)
      return [...this.names.keys()].every((id) => this.found.has(id)) ? { kind: 'gone' } : { kind: 'unread' };
    if (!this.found.has(volume.poolId)) return { kind: 'unread' };
    if (this.looksEmpty(volume.poolId) && exists(volume.state))
      return { kind: 'in-doubt', poolName: this.names.get(volume.poolId) ?? volume.poolId };
    return { kind: 'gone' };
  }
}

const exists = (state: string) => state === 'Ready' || state === 'Destroy';

/** What is on hosts and pools, of ours, and in no row. */
function strangers({ hosts, machines, volumes, networkIds }: RecoveryFacts): RecoveryFinding[] {
  const known = new Set([...machines.map(({ id }) => id), ...networkIds]);
  const knownVolumes = new Map(volumes.map((row) => [row.id, row]));
  const findings = new Map<string, RecoveryFinding>();
  const add = (finding: RecoveryFinding) => findings.set(`${finding.kind} ${finding.subject}`, finding);
  for (const { id: hostId, name, inventory } of hosts) {
    if (inventory === undefined) {
      const message = `Host ${name} was written off: machines and local disks of it count as gone. It is read when it reports again.`;
      add({ kind: 'host-written-off', subject: `host:${hostId}`, hostId, message });
      continue;
    }
    for (const { id, domainName, power } of inventory.vms) {
      if (known.has(id) || power === 'absent') continue;
      const message = `Domain ${domainName} (${power}) on ${name} is in no row; it keeps running, and its addresses may be given out again.`;
      add({ kind: 'unknown-machine', subject: `virtual-machine:${id}@${hostId}`, hostId, message });
    }
    for (const id of inventory.networks) {
      if (known.has(id)) continue;
      const message = `Network ${id} is on ${name} and in no row; its bridge and address range may be used again.`;
      add({ kind: 'unknown-network', subject: `network:${id}@${hostId}`, hostId, message });
    }
    for (const [poolId, ids] of Object.entries(inventory.volumes)) {
      for (const id of ids) {
        const row = knownVolumes.get(id);
        if (row && row.state !== 'Expunged') continue;
        const why = row ? `is expunged in the database` : 'is in no row';
        add({ kind: 'unknown-volume', subject: `volume:${id}`, message: `Volume ${id} on pool ${poolId} ${why}.` });
      }
    }
  }
  return [...findings.values()];
}

/** Pools that look empty, and data disks that are not where their rows say; root disks are judged with their machine. */
function missingVolumes({ pools, volumes, machines }: RecoveryFacts, disks: DiskFinder): RecoveryFinding[] {
  const machineIds = new Set(machines.map(({ id }) => id));
  const empty = pools
    .filter(({ id }) => disks.looksEmpty(id))
    .map(({ id, name }): RecoveryFinding => {
      const message = `Nothing was found on pool ${name}, although rows say otherwise. Is it mounted?`;
      return { kind: 'empty-pool', subject: `storage-pool:${id}`, message };
    });
  const missing = volumes
    .filter((row) => (row.vmId === null || !machineIds.has(row.vmId)) && exists(row.state))
    .filter((row) => disks.find(row).kind === 'gone')
    .map(({ id, name }): RecoveryFinding => {
      return { kind: 'missing-volume', subject: `volume:${id}`, message: `Volume ${name} is not on its pool.` };
    });
  return [...empty, ...missing];
}

/** Data disks that were moved after the backup; root disks are judged with their machine. */
function movedVolumes({ volumes, machines }: RecoveryFacts, disks: DiskFinder): VolumeVerdict[] {
  const machineIds = new Set(machines.map(({ id }) => id));
  return volumes.flatMap((row) => {
    if ((row.vmId !== null && machineIds.has(row.vmId)) || !exists(row.state)) return [];
    const disk = disks.find(row);
    return disk.kind === 'there' && disk.poolId !== row.poolId ? [{ id: row.id, poolId: disk.poolId }] : [];
  });
}

/** A move that the rows know goes on by itself. */
function volumesOnTwoPools({ volumes, operations }: RecoveryFacts, disks: DiskFinder): RecoveryFinding[] {
  const onTheirWay = new Set(operations.map(({ resource }) => resource.id));
  return volumes.flatMap(({ id, name }): RecoveryFinding[] => {
    const pools = disks.poolNamesOf(id);
    if (pools.length < 2 || onTheirWay.has(id)) return [];
    const message = `Volume ${name} lies on the pools ${pools.join(' and ')}; look which of them its machine writes to.`;
    return [{ kind: 'two-pools', subject: `volume:${id}`, message }];
  });
}

/** An operation that no machine's facts decide. */
function judgeOther({ id, state, begun }: OpenOperation): OperationVerdict {
  if (state === 'needs-attention')
    return { id, outcome: 'left', message: 'It needs attention, as it did when the backup was made.' };
  if (begun) return { id, outcome: 'run-again', message: 'It goes on under the new control epoch.' };
  const message = 'The database was restored before it began; ask again if it is still wanted.';
  return { id, outcome: 'cancelled', message };
}

function endedOperations({ operations }: RecoveryFacts, verdicts: readonly OperationVerdict[]): RecoveryFinding[] {
  const byId = new Map(operations.map((operation) => [operation.id, operation]));
  return verdicts.flatMap(({ id, outcome, message }): RecoveryFinding[] => {
    if (outcome === 'run-again') return [];
    const summary = byId.get(id)?.summary ?? id;
    const kind = outcome === 'left' ? 'operation-needs-attention' : 'operation-ended';
    return [{ kind, subject: `operation:${id}`, message: `${summary}: ${outcome}. ${message}` }];
  });
}

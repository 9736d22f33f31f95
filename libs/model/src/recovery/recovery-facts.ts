/** What recovery knows (the rows of a restored database, and what really is on the hosts) and what it concludes. */

/** One host's inventory, or that it was written off: then nothing runs there any more, by an administrator's word. */
export interface HostFacts {
  readonly id: string;
  readonly name: string;
  readonly inventory: HostContents | undefined;
}

/** What is on a host. A pool that is not in `volumes` was not read. */
export interface HostContents {
  readonly vms: readonly { readonly id: string; readonly domainName: string; readonly power: string }[];
  readonly volumes: Readonly<Record<string, readonly string[]>>;
  readonly networks: readonly string[];
}

/** A machine's row. */
export interface MachineRow {
  readonly id: string;
  readonly name: string;
  readonly state: string;
  readonly hostId: string | null;
  readonly observedPower: string;
}

/** A volume's row. */
export interface VolumeRow {
  readonly id: string;
  readonly name: string;
  readonly state: string;
  readonly poolId: string | null;
  readonly vmId: string | null;
}

/** An operation that the restored rows hold open. `begun`: a run of it had acted, or may have. */
export interface OpenOperation {
  readonly id: string;
  readonly kind: string;
  readonly state: string;
  readonly begun: boolean;
  readonly summary: string;
  readonly resource: { readonly type: string; readonly id: string };
}

/** Everything that is judged at once. */
export interface RecoveryFacts {
  readonly hosts: readonly HostFacts[];
  readonly machines: readonly MachineRow[];
  readonly volumes: readonly VolumeRow[];
  readonly pools: readonly { readonly id: string; readonly name: string }[];
  readonly networkIds: readonly string[];
  readonly operations: readonly OpenOperation[];
}

/** What a person has to look at. */
export const FINDING_KINDS = {
  'unknown-machine': 'A domain of ours without a row: made after the backup, or expunged in the restored rows.',
  'two-hosts': 'A machine that runs on more than one host.',
  'left-domain': 'A domain that is defined, but off, on a host where the machine is not.',
  'gone-machine': 'A machine whose domain and disk are nowhere: it was expunged after the backup.',
  'unwanted-machine': 'A machine that is on a host although its row says that it was destroyed, expunged or failed.',
  'disk-out-of-reach': 'A machine whose disk lies on a pool that could not be read.',
  'unknown-volume': 'A volume on a pool without a row.',
  'missing-volume': 'A volume whose row says that it exists, and which is not on its pool.',
  'two-pools': 'A volume that lies on more than one pool: it was being moved, and only one of them is written to.',
  'empty-pool': 'A pool on which nothing was found, although rows say otherwise: is it mounted?',
  'unknown-network': 'A network of ours on a host without a row.',
  'unknown-host': 'A host with our certificate that has no row: it was added after the backup.',
  'host-written-off': 'A host that was written off: nothing of it was read.',
  'operation-ended': 'An operation of the restored rows that was ended by what is really there.',
  'operation-needs-attention': 'An operation that needed attention when the backup was made.',
} as const;

/** See {@link FINDING_KINDS}. */
export type FindingKind = keyof typeof FINDING_KINDS;

/** One thing for a person. `subject`: `<type>:<id>`, with `@<host>` where the host makes the difference. */
export interface RecoveryFinding {
  readonly kind: FindingKind;
  readonly subject: string;
  readonly hostId?: string;
  readonly message: string;
}

/** What is recorded of a machine. */
export interface MachineVerdict {
  readonly id: string;
  /** Where it really is; null: on no host. Undefined: what the row says holds. */
  readonly place?: { readonly hostId: string | null; readonly power: string };
  /** Event of the state table that records the fact. */
  readonly event?: string;
}

/** What is recorded of a volume. `poolId` null: it is nowhere. */
export interface VolumeVerdict {
  readonly id: string;
  readonly poolId?: string | null;
  readonly event?: string;
}

/** What becomes of an operation: ended by the facts, or run again from its row under the new epoch. */
export interface OperationVerdict {
  readonly id: string;
  readonly outcome: 'succeeded' | 'failed' | 'cancelled' | 'run-again' | 'left';
  readonly message: string;
}

/** All conclusions. */
export interface RecoveryVerdict {
  readonly machines: readonly MachineVerdict[];
  readonly volumes: readonly VolumeVerdict[];
  readonly operations: readonly OperationVerdict[];
  readonly findings: readonly RecoveryFinding[];
}

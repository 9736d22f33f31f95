/** `instance.json`: what an instance remembers between two runs of the command. */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { DurastackError } from '@durastack/contracts/errors';
import type { Home } from './home.js';

/** What listens, and so has a port. */
export const PORT_NAMES = ['api', 'intake', 'worker', 'agent', 'temporal', 'temporalUi'] as const;
/** See {@link PORT_NAMES}. */
export type PortName = (typeof PORT_NAMES)[number];

/** The processes of an instance, in the order in which they are shown. */
export const PART_NAMES = ['mariadb', 'temporal', 'libvirtd', 'agent', 'worker', 'api'] as const;
/** See {@link PART_NAMES}. */
export type PartName = (typeof PART_NAMES)[number];

/** What kinds of instances do without: a lab has hosts of its own, simulated ones need no hypervisor. */
const ABSENT_PARTS: Readonly<Record<'machine' | 'lab' | 'simulator', readonly PartName[]>> = {
  machine: [],
  lab: ['libvirtd', 'agent'],
  simulator: ['libvirtd'],
};

const processRecord = z.object({
  name: z.enum(PART_NAMES),
  pid: z.int().positive(),
  /** Field 22 of /proc/<pid>/stat, in clock ticks since boot: with it a reused pid is told apart. */
  startTime: z.string(),
  /** Ticks count from boot, so they mean nothing after another one. */
  bootId: z.string(),
  startedAt: z.string(),
  /** Which build of our own programs it runs; absent for others' programs. */
  build: z.string().optional(),
});
/** A process that this instance started. */
export type ProcessRecord = z.infer<typeof processRecord>;

const acceleratorVerdict = z.object({
  accelerator: z.enum(['kvm', 'tcg']),
  /** The verdict holds for one boot of the machine. */
  bootId: z.string(),
});
/** Whether guests really run with KVM here. */
export type AcceleratorVerdict = z.infer<typeof acceleratorVerdict>;

/** What a cloud of simulated hosts is furnished with: as `up` does it, or what CloudStack clients' suites expect. */
export const SIMULATOR_PROFILES = ['plain', 'sandbox'] as const;
/** See {@link SIMULATOR_PROFILES}. */
export type SimulatorProfile = (typeof SIMULATOR_PROFILES)[number];

const instanceState = z.object({
  version: z.literal(1),
  name: z.string().regex(/^[a-z0-9-]{1,8}$/),
  /** `machine`: this machine is the host; `lab`: see apps/cli/src/lab; `simulator`: one agent pretends to be hosts. */
  kind: z.enum(['machine', 'lab', 'simulator']).default('machine'),
  /** The address that API and agent intake listen on. */
  listen: z.string().default('127.0.0.1'),
  ports: z.partialRecord(z.enum(PORT_NAMES), z.int().min(1).max(65_535)),
  processes: z.array(processRecord),
  accelerator: acceleratorVerdict.optional(),
  /** What simulated hosts were made. */
  simulator: z.object({ hosts: z.int().positive(), profile: z.enum(SIMULATOR_PROFILES) }).optional(),
  /** The first machine and what it stands on are complete. */
  firstCloudAt: z.string().optional(),
  /** The operation that deployed the first machine. */
  firstDeployJobId: z.string().optional(),
});
/** See {@link InstanceFile}. */
export type InstanceState = z.infer<typeof instanceState>;

/** Reads and writes one `instance.json`; only the holder of the home's lock writes. */
export class InstanceFile {
  private constructor(
    readonly home: Home,
    private current: InstanceState,
  ) {}

  /**
   * Reads the file, or begins a new one in memory.
   *
   * @throws MISCONFIGURED when the file is not one of ours
   */
  static open(home: Home): InstanceFile {
    if (!existsSync(home.instanceFile)) {
      return new InstanceFile(home, {
        version: 1,
        name: home.name,
        kind: 'machine',
        listen: '127.0.0.1',
        ports: {},
        processes: [],
      });
    }
    try {
      return new InstanceFile(home, instanceState.parse(JSON.parse(readFileSync(home.instanceFile, 'utf8'))));
    } catch (error) {
      const message = `${home.instanceFile} cannot be read as an instance; move it away, or fix it: ${reason(error)}`;
      throw new DurastackError('MISCONFIGURED', message, { cause: error });
    }
  }

  /** What is remembered now. */
  get state(): Readonly<InstanceState> {
    return this.current;
  }

  /** The processes that this instance has when all of it runs. */
  get parts(): readonly PartName[] {
    const absent = ABSENT_PARTS[this.current.kind];
    return PART_NAMES.filter((name) => !absent.includes(name));
  }

  /** Changes some members and writes the file, whole or not at all. */
  update(change: Partial<InstanceState>): void {
    this.current = { ...this.current, ...change };
    const partial = `${this.home.instanceFile}.part`;
    writeFileSync(partial, `${JSON.stringify(this.current, null, 2)}\n`, { mode: 0o600 });
    renameSync(partial, this.home.instanceFile);
  }

  /** The record of a part, whether or not it still runs. */
  process(name: PartName): ProcessRecord | undefined {
    return this.current.processes.find((record) => record.name === name);
  }

  /** Remembers the process of a part in place of an earlier one. */
  remember(record: ProcessRecord): void {
    this.update({ processes: [...this.current.processes.filter((r) => r.name !== record.name), record] });
  }

  /** Forgets the process of a part. */
  forget(name: PartName): void {
    this.update({ processes: this.current.processes.filter((record) => record.name !== name) });
  }

  /** The port of something that listens. */
  port(name: PortName): number {
    const port = this.current.ports[name];
    if (port === undefined) throw new DurastackError('BUG', `No port was chosen for ${name}.`);
    return port;
  }
}

function reason(error: unknown): string {
  if (error instanceof z.ZodError) return error.issues.map((i) => `${i.path.join('.')}: ${i.message}`).join('; ');
  return error instanceof Error ? error.message : String(error);
}

/** `lab.json`: what a lab is made of. Whatever can be derived from names stands in lab-plan.ts. */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { DurastackError } from '@durastack/contracts/errors';
import { describeHome, homeDirectory, homeExists, type Home } from '../instance/home.js';
import type { PoweredHost } from './host/power.js';
import { planHost } from './lab-plan.js';

const subnet = z.object({ gateway: z.string(), netmask: z.string(), startIp: z.string(), endIp: z.string() });
const identity = z.object({ pid: z.int(), startTime: z.string(), bootId: z.string() });

const labState = z.object({
  version: z.literal(1),
  subnet,
  hosts: z.array(z.object({ index: z.int().min(1), uuid: z.uuid() })),
  /** Whether it has a Ceph cluster. */
  ceph: z.boolean().default(false),
  /** Whether it has a pool on the hosts' FUSE file systems. */
  fuse: z.boolean().default(false),
  /** Processes of the lab that belong to no host, by what they are. */
  processes: z.record(z.string(), identity).default({}),
});
/** See {@link labState}. */
export type LabState = z.infer<typeof labState>;

/** The data directory of a lab that the environment names: DURASTACK_HOME, else `.durastack-lab` in the checkout. */
export function labDirectory(env: NodeJS.ProcessEnv = process.env): string {
  return homeDirectory(env, '.durastack-lab');
}

/** A lab that is there. */
export class Lab {
  private constructor(
    readonly home: Home,
    private current: LabState,
  ) {}

  /** Reads the lab of a home; undefined when there is none. MISCONFIGURED when its file cannot be read. */
  static open(home: Home): Lab | undefined {
    const path = fileOf(home);
    if (!existsSync(path)) return undefined;
    const parsed = labState.safeParse(JSON.parse(readFileSync(path, 'utf8')));
    if (parsed.success) return new Lab(home, parsed.data);
    throw new DurastackError('MISCONFIGURED', `${path} cannot be read as a lab: ${z.prettifyError(parsed.error)}`);
  }

  /** The lab in the directory that the environment names. ENVIRONMENT when there is none. */
  static require(): Lab {
    const directory = labDirectory();
    const lab = homeExists(directory) ? Lab.open(describeHome(directory)) : undefined;
    if (lab !== undefined) return lab;
    throw new DurastackError('ENVIRONMENT', `There is no lab in ${directory}; start one with "dura lab up".`);
  }

  /** Begins one. */
  static begin(home: Home, state: Omit<LabState, 'version' | 'processes'>): Lab {
    const lab = new Lab(home, { version: 1, processes: {}, ...state });
    lab.update({});
    return lab;
  }

  /** What is remembered now. */
  get state(): Readonly<LabState> {
    return this.current;
  }

  /** Changes some members and writes the file. */
  update(change: Partial<LabState>): void {
    this.current = { ...this.current, ...change };
    const path = fileOf(this.home);
    writeFileSync(`${path}.part`, `${JSON.stringify(this.current, null, 2)}\n`, { mode: 0o600 });
    renameSync(`${path}.part`, path);
  }

  /** Its hosts, in order. */
  get hosts(): LabHost[] {
    return this.current.hosts.map(({ index, uuid }) => this.describe(index, uuid));
  }

  /** One of them by name. INVALID_INPUT naming those that there are. */
  host(name: string): LabHost {
    const host = this.hosts.find(({ plan }) => plan.name === name);
    if (host !== undefined) return host;
    const names = this.hosts.map(({ plan }) => plan.name).join(', ');
    throw new DurastackError('INVALID_INPUT', `There is no host "${name}" in the lab; there are ${names}.`);
  }

  private describe(index: number, uuid: string): LabHost {
    const plan = planHost(this.home.name, this.current.subnet, index);
    return { instance: this.home.name, directory: join(this.home.work, 'hosts', plan.name), plan, index, uuid };
  }
}

/** A host of a lab. */
export interface LabHost extends PoweredHost {
  readonly index: number;
  readonly uuid: string;
}

/** Folders of a lab in its home. */
export function labPlaces(home: Home) {
  return {
    hosts: join(home.work, 'hosts'),
    shared: join(home.work, 'shared'),
    ceph: join(home.work, 'ceph'),
    libvirtCache: join(home.work, 'libvirt-cache'),
  };
}

function fileOf(home: Home): string {
  return join(home.root, 'lab.json');
}

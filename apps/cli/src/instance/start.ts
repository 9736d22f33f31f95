/** Starting an instance's parts: what is not running, side by side where possible; all or nothing. */
import { randomBytes } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { DurastackError } from '@durastack/contracts/errors';
import { privateLibvirtSocket } from '@durastack/drivers/libvirt/private-libvirtd';
import { migrate } from '@durastack/store/migrate';
import { seedDatabase } from '@durastack/store/seed';
import { startMariadb, mariadbAnswers, mariadbUrl } from '../parts/mariadb.js';
import { agentPlaces, nodeAppAnswers, startNodeApp, type NodeApp } from '../parts/node-apps.js';
import { ensureAccelerator, libvirtdAnswers, startLibvirtd } from '../parts/libvirtd.js';
import { ensureTemporalBinary } from '../parts/temporal-binary.js';
import { startTemporal, temporalAnswers } from '../parts/temporal-server.js';
import { logFileOf } from './log-file.js';
import { Steps } from '../system/steps.js';
import { currentBuild } from './home.js';
import type { InstanceFile, PartName, PortName, ProcessRecord } from './instance-file.js';
import { findPort, type HeldPort } from './ports.js';
import { isRunning, stopProcess } from './processes.js';
import { stopParts } from './stop.js';

const LOOPBACK = '127.0.0.1';

/** What the user insists on. */
export interface StartWishes {
  /** Address for the API and the agents' intake; what was used last time when absent. */
  readonly listen?: string;
  readonly ports: Partial<Record<PortName, { readonly port: number; readonly setting: string }>>;
  /** The Temporal program; found or fetched when absent. */
  readonly temporalBinary?: string;
}

/** Which part listens on which ports. */
const PORTS_OF: Readonly<Partial<Record<PartName, readonly PortName[]>>> = {
  temporal: ['temporal', 'temporalUi'],
  agent: ['agent'],
  worker: ['worker'],
  api: ['api', 'intake'],
};

/** Starts the parts of one instance. The caller holds the home's lock. */
export class InstanceStart {
  private readonly started: ProcessRecord[] = [];
  private readonly heldPorts: HeldPort[] = [];
  private undone = false;

  constructor(
    private readonly file: InstanceFile,
    private readonly steps: Steps,
    private readonly wishes: StartWishes,
  ) {}

  /** Names of the parts that this start has started. */
  get startedParts(): readonly PartName[] {
    return this.started.map((record) => record.name);
  }

  /**
   * Starts all that does not run.
   *
   * @throws the first failure; the caller then calls {@link undo}
   */
  async run(): Promise<void> {
    await this.choosePorts();
    this.ensureDataKey();
    const has = (part: PartName): boolean => this.file.parts.includes(part);
    await all([this.mariadb(), this.temporal(), ...(has('libvirtd') ? [this.libvirtd()] : [])]);
    await all([...(has('agent') ? [this.app('agent')] : []), this.app('worker'), this.app('api')]);
    for (const port of this.heldPorts.splice(0)) port.release();
  }

  /** Stops what this start has started, and nothing else. */
  async undo(): Promise<void> {
    this.undone = true;
    for (const port of this.heldPorts.splice(0)) port.release();
    await stopParts(this.file, this.startedParts);
  }

  private async choosePorts(): Promise<void> {
    const { state } = this.file;
    const listen = this.wishes.listen ?? state.listen;
    this.refuseMove('api', listen !== state.listen);
    if (listen !== state.listen) this.file.update({ listen });
    for (const [part, names] of Object.entries(PORTS_OF) as [PartName, readonly PortName[]][]) {
      const moved = names.some((name) => (this.wishes.ports[name]?.port ?? state.ports[name]) !== state.ports[name]);
      this.refuseMove(part, moved);
      if (isRunning(this.file.process(part)) || !this.file.parts.includes(part)) continue;
      for (const name of names) await this.choosePort(name, part === 'api' ? listen : LOOPBACK);
    }
  }

  private refuseMove(part: PartName, moved: boolean): void {
    if (!moved || !isRunning(this.file.process(part))) return;
    throw new DurastackError('CONFLICT', `${part} runs with another address or port; stop it first with "dura down".`);
  }

  private async choosePort(name: PortName, address: string): Promise<void> {
    const remembered = this.file.state.ports[name];
    const explicit = this.wishes.ports[name] ?? this.keptPort(name);
    const held = await findPort({
      name,
      address,
      ...(remembered === undefined ? {} : { remembered }),
      ...(explicit === undefined ? {} : { explicit }),
    });
    this.heldPorts.push(held);
    if (remembered !== undefined && remembered !== held.port && explicit === undefined) {
      this.steps.line(`note: port ${remembered} (${name}) is in use by another program; ${held.port} is used instead.`);
    }
    this.file.update({ ports: { ...this.file.state.ports, [name]: held.port } });
  }

  /** Hosts have stored where they report to, and the control plane where their agents are. */
  private keptPort(name: PortName): { port: number; setting: string } | undefined {
    const port = this.file.state.ports[name];
    if (this.file.state.firstCloudAt === undefined || port === undefined) return undefined;
    if (name === 'intake') return { port, setting: 'to which hosts report' };
    return name === 'agent' ? { port, setting: "this machine's host agent" } : undefined;
  }

  /** The key lies outside the database that it seals. */
  private ensureDataKey(): void {
    const path = this.file.home.dataKeyFile;
    if (!existsSync(path)) writeFileSync(path, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600 });
  }

  private async mariadb(): Promise<void> {
    const { home } = this.file;
    await this.part(
      'mariadb',
      'MariaDB',
      () => mariadbAnswers(home.mariadb),
      async () => {
        const places = { directory: home.mariadb, logFile: logFileOf(home.logs, 'mariadb') };
        await startMariadb(places, ({ record }) => this.remember(record));
      },
    );
    await this.steps.run('Database schema', async (note) => {
      const applied = await migrate(mariadbUrl(home.mariadb));
      await seedDatabase(mariadbUrl(home.mariadb));
      note(applied.length === 0 ? 'up to date' : `${applied.length} migrations`);
    });
  }

  private async temporal(): Promise<void> {
    const { home } = this.file;
    const runs = isRunning(this.file.process('temporal'));
    if (runs && (await temporalAnswers(this.file.port('temporalUi')).catch(() => false))) return;
    const fetch = (): Promise<string> =>
      this.steps.run('Temporal program', async (note) => {
        const found = await ensureTemporalBinary(home.cache);
        note(found.source);
        return found.path;
      });
    const binary = this.wishes.temporalBinary ?? (await fetch());
    await this.part(
      'temporal',
      'Temporal',
      () => temporalAnswers(this.file.port('temporalUi')),
      async () => {
        const plan = {
          binary,
          directory: home.temporal,
          logFile: logFileOf(home.logs, 'temporal'),
          port: this.file.port('temporal'),
          uiPort: this.file.port('temporalUi'),
        };
        await startTemporal(plan, ({ record }) => this.remember(record));
      },
    );
  }

  private async libvirtd(): Promise<void> {
    await this.steps.run('Accelerator', async (note) =>
      note((await ensureAccelerator(this.file)).accelerator.toUpperCase()),
    );
    await this.part(
      'libvirtd',
      'libvirt',
      () => libvirtdAnswers(this.file),
      () => startLibvirtd(this.file, (r) => this.remember(r)),
    );
  }

  private app(name: NodeApp): Promise<void> {
    const places = agentPlaces(this.file.home, privateLibvirtSocket(this.file.home.libvirt));
    const build = currentBuild();
    const titles = { agent: 'Host agent', worker: 'Worker', api: 'API' };
    return this.part(
      name,
      titles[name],
      async () => this.file.process(name)?.build === build && (await nodeAppAnswers(name, this.file)),
      () => startNodeApp(name, this.file, places, ({ record }) => this.remember({ ...record, build })),
    );
  }

  /** A part that runs but does not answer, or runs an earlier build, is started anew: that is what `up` is for. */
  private async part(
    name: PartName,
    title: string,
    answers: () => Promise<boolean>,
    start: () => Promise<void>,
  ): Promise<void> {
    const record = this.file.process(name);
    if (isRunning(record)) {
      if (await answers().catch(() => false)) return;
      await stopProcess(record);
    }
    await this.steps.run(title, start);
  }

  private remember(record: ProcessRecord): void {
    // Interrupted while this was starting: nobody waits for it any more.
    if (this.undone) {
      process.kill(record.pid, 'SIGTERM');
      return;
    }
    this.started.push(record);
    this.file.remember(record);
  }
}

/** Waits for all, also when one fails, so that nothing is still starting while it is undone. */
async function all(work: readonly Promise<void>[]): Promise<void> {
  const ends = await Promise.allSettled(work);
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

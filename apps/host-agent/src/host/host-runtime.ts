/** One enrolled host: its driver behind the guard, its tasks, and its reports. */
import type { Duplex } from 'node:stream';
import { join } from 'node:path';
import type { SecureContext } from 'node:tls';
import type { AgentHealth } from '@durastack/contracts/agent/enrolment';
import { AWAITS_SOURCE } from '@durastack/contracts/agent/migration';
import type { PoolSpec } from '@durastack/contracts/agent/specs';
import type { TaskStatus, VerbParams } from '@durastack/contracts/agent/verbs';
import { controlEpochRequest, taskCancelRequest, type ControlEpochReply } from '@durastack/contracts/agent/wire';
import { DurastackError } from '@durastack/contracts/errors';
import type { HostDriver, VerbContext } from '@durastack/drivers/driver';
import type { Logger } from '@durastack/kit/log/logger';
import { readCertificate } from '@durastack/kit/tls/certificate-holder';
import { VerbGuard } from '../guard/verb-guard.js';
import type { HostIdentity } from '../identity/identity-store.js';
import { Ledger, type LedgerFile } from '../ledger/ledger.js';
import { reachDestination } from '../migration/reach.js';
import { TicketBook, type Granted } from '../migration/ticket-book.js';
import { TaskRunner } from '../tasks/task-runner.js';
import { TaskStore } from '../tasks/task-store.js';
import { AGENT_VERSION } from '@durastack/contracts/agent/version';
import type { BeatScheduler } from './beat-scheduler.js';
import { readBootId } from './boot-id.js';
import { HeartbeatReporter } from './heartbeat.js';
import { hostSecureContext, IntakeClient } from './intake-client.js';
import { KnownPools } from './known-pools.js';
import type { Watchdog } from './watchdog.js';
import { checkCall, parse, type CheckedCall } from './verb-dispatch.js';

const READ_TIMEOUT_MS = 30_000;
const DRIVER_RETRY_MS = 3_000;
const STOP_TIMEOUT_MS = 10_000;
const CLEAN_TASKS_EVERY_MS = 3_600_000;

/** What a host is made from. */
export interface HostParts {
  readonly identity: HostIdentity;
  /** Where its tasks and pools are remembered. */
  readonly directory: string;
  readonly ledgerFile: LedgerFile;
  readonly driver: HostDriver;
  readonly driverName: string;
  readonly scheduler: BeatScheduler;
  readonly log: Logger;
  /** See the heartbeat's. It runs, and is stopped by whoever made it. */
  readonly watchdog?: Watchdog | undefined;
  /** Before the first heartbeat; spreads many hosts of one process. */
  readonly firstBeatDelayMs?: number;
}

/** See the module's head. */
export class HostRuntime {
  readonly hostId: string;
  /** Machines and volumes that are to come from other hosts. */
  readonly tickets = new TicketBook();
  private readonly ledger: Ledger;
  private readonly guard: VerbGuard;
  private readonly tasks: TaskRunner;
  private readonly pools: KnownPools;
  private readonly startedAtMs = Date.now();
  private readonly bootId = readBootId();
  private identity: HostIdentity;
  private context: SecureContext;
  private intake: IntakeClient;
  private reporter: HeartbeatReporter;
  private driverStarted = false;
  private stopped = false;
  private driverStarting: Promise<void> = Promise.resolve();
  private readonly cleaning: NodeJS.Timeout;
  private readonly beating: NodeJS.Timeout | undefined;

  constructor(private readonly parts: HostParts) {
    this.identity = parts.identity;
    this.hostId = parts.identity.hostId;
    this.ledger = new Ledger(parts.ledgerFile, this.hostId);
    this.guard = new VerbGuard(this.ledger);
    const store = new TaskStore(join(parts.directory, 'tasks'));
    this.tasks = new TaskRunner(this.ledger, this.guard, store, parts.log);
    this.pools = new KnownPools(parts.directory, parts.driver);
    this.context = hostSecureContext(this.identity);
    this.intake = new IntakeClient(this.identity, this.context);
    this.reporter = this.makeReporter();
    this.tasks.clean();
    this.cleaning = setInterval(() => this.tasks.clean(), CLEAN_TASKS_EVERY_MS);
    this.cleaning.unref();
    this.beating = parts.driver.beatPools && setInterval(() => void this.beat(), this.identity.intervalMs).unref();
  }

  /** Connects the driver (again and again until it works) and begins to report. */
  start(): void {
    this.driverStarting = this.startDriver();
  }

  /** The TLS context that serves this host. */
  get secureContext(): SecureContext {
    return this.context;
  }

  /** What `GET /v1/health` says. */
  health(): AgentHealth {
    return {
      hostId: this.hostId,
      incarnation: this.identity.incarnation,
      agentVersion: AGENT_VERSION,
      driver: this.parts.driverName,
      uptimeMs: Date.now() - this.startedAtMs,
      runningVerbs: this.guard.activeCount,
    };
  }

  /** Serves a verb call. Throws DurastackError. */
  async call(name: string, body: unknown): Promise<unknown> {
    const call = checkCall(name, body);
    this.requireDriver();
    const { token: kind, resource } = call.declaration;
    const { token } = call;
    if (kind === 'read' || token === undefined || resource === undefined) {
      return this.act(call, { signal: AbortSignal.timeout(READ_TIMEOUT_MS), progress: () => undefined });
    }
    await this.requireBoot(call);
    const order = { verb: call.name, resource: resource(call.params), kind, token, fingerprint: call.fingerprint };
    if (call.taskKey !== undefined && call.declaration.long === true) {
      const { landmark } = call.declaration;
      const long = { ...order, key: call.taskKey, landmark, waitMs: call.waitMs };
      return this.tasks.startOrTell({ ...long, act: (context) => this.act(call, context) });
    }
    return this.guard.admit({
      ...order,
      act: (signal) => this.act(call, { signal, progress: () => undefined }),
    }).ended;
  }

  /** Serves the cancelling of a task. Throws DurastackError. */
  cancelTask(body: unknown): Promise<TaskStatus> {
    return this.tasks.cancel(parse(taskCancelRequest, body, 'cancel'));
  }

  /** Serves the announcement of a control epoch. Throws DurastackError. */
  async adoptControlEpoch(body: unknown): Promise<ControlEpochReply> {
    const { controlEpoch } = parse(controlEpochRequest, body, 'control-epoch');
    await this.guard.adoptEpoch(controlEpoch);
    const { serial } = readCertificate(this.identity.certificatePem);
    return {
      controlEpoch: this.ledger.epochFloor,
      incarnation: this.identity.incarnation,
      certificateSerial: serial,
    };
  }

  /** A stream to a machine's console. NOT_FOUND when it does not run here. */
  async openConsole(vmId: string): Promise<Duplex> {
    this.requireDriver();
    return this.parts.driver.openConsole(vmId);
  }

  /** Goes on under a renewed certificate. */
  async renew(identity: HostIdentity): Promise<void> {
    const [oldReporter, oldIntake] = [this.reporter, this.intake];
    this.identity = identity;
    this.context = hostSecureContext(identity);
    this.intake = new IntakeClient(identity, this.context);
    this.reporter = this.makeReporter();
    if (this.driverStarted) this.reporter.start();
    await oldReporter.stop();
    oldIntake.close();
  }

  /** Stops verbs, reports and the driver's watching. Machines run on; tasks are started again after a restart. */
  async stop(): Promise<void> {
    this.stopped = true;
    clearInterval(this.cleaning);
    clearInterval(this.beating);
    this.tasks.prepareToStop();
    const reason = new DurastackError('HOST_UNREACHABLE', 'The agent is being stopped; call again.');
    const deadline = new Promise<void>((resolve) => setTimeout(resolve, STOP_TIMEOUT_MS).unref());
    await Promise.race([this.guard.stopAll(reason), deadline]);
    await this.reporter.stop();
    this.intake.close();
    await Promise.race([this.driverStarting, deadline]);
    if (this.driverStarted) await this.parts.driver.stop();
  }

  /** To the pools that hosts share: who is cut off is seen to live there. */
  private async beat(): Promise<void> {
    const { driver } = this.parts;
    await driver.beatPools?.(this.pools.list(), { hostId: this.hostId, bootId: this.bootId, count: Date.now() });
  }

  /** Before the pool's folders go: a heartbeat there would keep them. */
  private async leavePool(pool: PoolSpec): Promise<void> {
    this.pools.remove(pool.id);
    await this.parts.driver.endPoolBeats?.(pool, this.hostId).catch((error: unknown) => {
      this.parts.log.warn({ error, poolId: pool.id }, 'the last heartbeat stays on a pool that this host leaves');
    });
  }

  private async act(call: CheckedCall, context: VerbContext): Promise<unknown> {
    const verb = this.parts.driver.verbs[call.name] as (params: unknown, context: VerbContext) => Promise<unknown>;
    const leaving = call.name === 'ensurePoolGone' ? (call.params as VerbParams<'ensurePoolGone'>).pool : undefined;
    if (leaving !== undefined) await this.leavePool(leaving);
    const result = await verb(call.params, { ...context, ...this.waysOf(call, context) });
    const { pool } = call.params as { pool?: PoolSpec };
    if (pool !== undefined && call.name === 'ensurePool') this.pools.add(pool);
    return result;
  }

  /** What a verb of migration needs of other hosts. */
  private waysOf(call: CheckedCall, { progress }: VerbContext): Pick<VerbContext, 'admit' | 'reach'> {
    const granted = grantedBy(call);
    if (granted !== undefined)
      return {
        admit: (receiver, signal) => {
          const ended = this.tickets.admit(granted, receiver, signal);
          progress(undefined, AWAITS_SOURCE);
          return ended;
        },
      };
    const subjectId = sentBy(call);
    if (subjectId === undefined) return {};
    return {
      reach: (destination, signal) => reachDestination({ subjectId, destination, context: this.context }, signal),
    };
  }

  /**
   * What was sent before the host lost its power and arrives after it: meanwhile its machines may have been started
   * elsewhere, of which the ledger here knows nothing.
   */
  private async requireBoot({ name, bootId }: CheckedCall): Promise<void> {
    if (bootId === undefined) return;
    const present = await this.parts.driver.bootId();
    if (bootId === present) return;
    const message = `${name} was meant for boot ${bootId} of host ${this.hostId}, which is in boot ${present} now.`;
    throw new DurastackError('BACKEND_BUSY', message);
  }

  private requireDriver(): void {
    if (this.driverStarted && !this.stopped) return;
    throw new DurastackError(
      'BACKEND_BUSY',
      `The ${this.parts.driverName} driver of host ${this.hostId} is not ready.`,
    );
  }

  private async startDriver(): Promise<void> {
    const { driver, log } = this.parts;
    while (!this.stopped) {
      try {
        await driver.start((vm) => this.reporter.powerChanged(vm));
        this.driverStarted = true;
        this.reporter.start(this.parts.firstBeatDelayMs);
        return;
      } catch (error) {
        log.error({ error }, `the ${this.parts.driverName} driver does not start; trying again`);
        await new Promise((resolve) => setTimeout(resolve, DRIVER_RETRY_MS).unref());
      }
    }
  }

  private makeReporter(): HeartbeatReporter {
    const { driver, scheduler, watchdog, log } = this.parts;
    const { hostId, incarnation, intervalMs } = this.identity;
    const intake = this.intake;
    const send = intake.send.bind(intake);
    const newest = () => this.ledger.highest;
    const pools = this.pools;
    const sources = { driver, pools, scheduler, newest, watchdog };
    return new HeartbeatReporter({ hostId, incarnation, intervalMs, ...sources, log, send });
  }
}

/** What a verb lets other hosts bring. */
function grantedBy({ name, params }: CheckedCall): Granted | undefined {
  if (name === 'receiveVm') {
    const { vm, withVolumes = [], ...ticket } = params as VerbParams<'receiveVm'>;
    return { ...ticket, subjectId: vm.id, memory: true, disks: withVolumes.length };
  }
  if (name !== 'receiveVolume') return undefined;
  const { volume, ...ticket } = params as VerbParams<'receiveVolume'>;
  return { ...ticket, subjectId: volume.id, memory: false, disks: 1 };
}

/** What a verb brings to another host: the id of a machine or volume. */
function sentBy({ name, params }: CheckedCall): string | undefined {
  if (name === 'sendVm') return (params as VerbParams<'sendVm'>).vmId;
  return name === 'sendVolume' ? (params as VerbParams<'sendVolume'>).volume.id : undefined;
}

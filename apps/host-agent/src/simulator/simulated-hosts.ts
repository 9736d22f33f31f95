/**
 * Many simulated hosts behind one port, told apart by TLS server name; each with its own key, certificate, tokens,
 * tasks and heartbeat. Their ledgers share one file, so that a flush serves all of them.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { EnrolCertificateRequest, EnrolCsrRequest } from '@durastack/contracts/agent/enrolment';
import { DurastackError } from '@durastack/contracts/errors';
import type { FaultPlan } from '@durastack/drivers/simulator/faults';
import { createSimulatorDriver, type SimulatedLatency } from '@durastack/drivers/simulator/simulator-driver';
import type { SimulatedWorld } from '@durastack/drivers/simulator/world';
import type { Logger } from '@durastack/kit/log/logger';
import { ensurePrivateDirectory } from '../files/durable-file.js';
import type { BeatScheduler } from '../host/beat-scheduler.js';
import { checkToken } from '../host/enrolment-token.js';
import { HostRuntime } from '../host/host-runtime.js';
import { IdentityStore, type EnrolmentCertificate, type HostIdentity } from '../identity/identity-store.js';
import { openLedgerFile, type LedgerFile } from '../ledger/ledger.js';
import type { HostDirectory, NetworkFaults } from '../server/host-directory.js';
import { AGENT_VERSION } from '@durastack/contracts/agent/version';

const STOP_AT_ONCE = 50;
/** One process sets up the connections of all its hosts, each of which has a machine of its own in reality. */
const CONNECTION_MS = 10;

/** What simulated hosts are made from. */
export interface SimulatedHostsParts {
  readonly directory: string;
  readonly world: SimulatedWorld;
  readonly plan: FaultPlan;
  readonly latency: SimulatedLatency;
  readonly scheduler: BeatScheduler;
  readonly log: Logger;
  /** Both set when enrolment is open; it stays open, for more hosts. */
  readonly enrolmentToken: string | undefined;
  readonly enrolmentCertificate: EnrolmentCertificate | undefined;
}

/** See the module's head. */
export class SimulatedHosts implements HostDirectory {
  readonly faults: NetworkFaults;
  private readonly runtimes = new Map<string, HostRuntime>();
  /** Hosts whose machine is switched off: nothing of them answers. */
  private readonly switchedOff = new Set<string>();
  /** Hosts that nobody reaches; their machines run on. */
  private readonly cutOff = new Set<string>();

  private constructor(
    private readonly parts: SimulatedHostsParts,
    private readonly ledgerFile: LedgerFile,
  ) {
    const { plan } = parts;
    const pass = (point: 'arrival' | 'reply') => (hostId: string, verb: string) =>
      this.isAway(hostId) ? Promise.resolve('drop' as const) : plan.pass(point, { hostId, verb });
    this.faults = { arrival: pass('arrival'), reply: pass('reply') };
  }

  /** Serves all hosts that were enrolled before. */
  static async start(parts: SimulatedHostsParts): Promise<SimulatedHosts> {
    const root = join(parts.directory, 'hosts');
    ensurePrivateDirectory(root);
    const identities = readdirSync(root).map((hostId) => new IdentityStore(join(root, hostId)).load());
    const enrolled = identities.filter((identity) => identity !== undefined);
    const ledgerFile = await openLedgerFile(join(parts.directory, 'ledger.log'), enrolled.length === 0);
    const hosts = new SimulatedHosts(parts, ledgerFile);
    for (const identity of enrolled) hosts.serve(identity, enrolled.length);
    return hosts;
  }

  /** Stops all hosts. */
  async stop(): Promise<void> {
    const runtimes = [...this.runtimes.values()];
    while (runtimes.length > 0) await Promise.all(runtimes.splice(0, STOP_AT_ONCE).map((runtime) => runtime.stop()));
    await this.ledgerFile.close();
  }

  find(hostId: string): HostRuntime | undefined {
    return this.isAway(hostId) ? undefined : this.runtimes.get(hostId);
  }

  get enrolmentCertificate(): EnrolmentCertificate | undefined {
    return this.parts.enrolmentCertificate;
  }

  async csr(request: EnrolCsrRequest, trusted: boolean): Promise<string> {
    if (!trusted) checkToken(this.parts.enrolmentToken, request.token);
    return this.store(request.hostId).csrFor(request.hostId);
  }

  async install(request: EnrolCertificateRequest, trusted: boolean): Promise<void> {
    if (!trusted) checkToken(this.parts.enrolmentToken, request.token);
    if (request.hostId === undefined) {
      throw new DurastackError('INVALID_INPUT', 'The enrolment of a simulated host must name its hostId.');
    }
    const store = this.store(request.hostId);
    const identity = store.check(request);
    store.save(identity);
    const runtime = this.runtimes.get(request.hostId);
    if (runtime === undefined) this.serve(identity);
    else await runtime.renew(identity);
  }

  /** The host's machine is switched off (all its guests die, nothing answers or reports) or on again. */
  async setHostPower(hostId: string, on: boolean): Promise<void> {
    const runtime = this.runtimes.get(hostId);
    if (runtime === undefined) throw new DurastackError('NOT_FOUND', `There is no simulated host ${hostId}.`);
    const { world } = this.parts;
    world.setInSight(hostId, on && !this.cutOff.has(hostId));
    world.setAtStorage(hostId, on && !this.cutOff.has(hostId));
    if (on === !this.switchedOff.has(hostId)) return;
    if (on) {
      this.switchedOff.delete(hostId);
      world.restartHost(hostId);
      this.serveAgain(hostId);
    } else {
      this.switchedOff.add(hostId);
      // What ran there is gone at once, whatever its agent was doing.
      await runtime.stop();
      world.cutPower(hostId);
    }
  }

  /**
   * The host is cut off from everybody (it neither answers nor reports, its machines run on) or not any more.
   *
   * @param storage it still reaches its storage, by another network
   */
  async setHostNetwork(hostId: string, on: boolean, storage = false): Promise<void> {
    const runtime = this.runtimes.get(hostId);
    if (runtime === undefined) throw new DurastackError('NOT_FOUND', `There is no simulated host ${hostId}.`);
    this.parts.world.setInSight(hostId, on && !this.switchedOff.has(hostId));
    this.parts.world.setAtStorage(hostId, (on || storage) && !this.switchedOff.has(hostId));
    if (on === !this.cutOff.has(hostId)) return;
    if (on) {
      this.cutOff.delete(hostId);
      this.serveAgain(hostId);
    } else {
      this.cutOff.add(hostId);
      await runtime.stop();
    }
  }

  /** Ids of all hosts, and whether their machine is on. */
  list(): { hostId: string; on: boolean }[] {
    return [...this.runtimes.keys()].map((hostId) => ({ hostId, on: !this.switchedOff.has(hostId) }));
  }

  private serveAgain(hostId: string): void {
    const identity = this.isAway(hostId) ? undefined : this.store(hostId).load();
    if (identity !== undefined) this.serve(identity);
  }

  private isAway(hostId: string): boolean {
    return this.switchedOff.has(hostId) || this.cutOff.has(hostId);
  }

  /** @param together how many hosts start at the same time */
  private serve(identity: HostIdentity, together = 1): void {
    const { world, plan, latency, scheduler, log } = this.parts;
    const { hostId, intervalMs } = identity;
    const agentVersion = AGENT_VERSION;
    const runtime = new HostRuntime({
      identity,
      directory: join(this.parts.directory, 'hosts', hostId),
      ledgerFile: this.ledgerFile,
      driver: createSimulatorDriver({ hostId, world, latency, faults: plan, agentVersion }),
      driverName: 'simulator',
      scheduler,
      log,
      // A thousand hosts that start together must not report together for ever.
      firstBeatDelayMs: this.runtimes.size < 10 ? 0 : Math.random() * Math.max(intervalMs, together * CONNECTION_MS),
    });
    this.runtimes.set(hostId, runtime);
    runtime.start();
  }

  private store(hostId: string): IdentityStore {
    return new IdentityStore(join(this.parts.directory, 'hosts', hostId));
  }
}

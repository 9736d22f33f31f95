/** Our machines among a host's domains: found by id, told from foreign ones by their metadata, never by name. */
import type { MigrationSide } from '@durastack/contracts/agent/migration';
import type { ObservedVm, PowerState } from '@durastack/contracts/agent/specs';
import { DurastackError } from '@durastack/contracts/errors';
import { XMLParser } from 'fast-xml-parser';
import { METADATA_NAMESPACE } from './domain-xml.js';
import type { Domain, LibvirtClient } from './rpc/client.js';
import {
  DOMAIN_STATE,
  PAUSED_MIGRATION,
  PAUSED_POST_COPY,
  PAUSED_POST_COPY_FAILED,
  PAUSED_STARTING_UP,
  RUNNING_POST_COPY,
  RUNNING_POST_COPY_FAILED,
} from './rpc/protocol.js';

const parser = new XMLParser({ ignoreAttributes: false, attributeNamePrefix: '', removeNSPrefix: true });

/** The instance's domains on one host. */
export class Domains {
  readonly #client: LibvirtClient;
  readonly #instance: string;

  constructor(client: LibvirtClient, instance: string) {
    this.#client = client;
    this.#instance = instance;
  }

  /**
   * The machine's domain; undefined when there is none.
   *
   * @throws DurastackError `CONFLICT` when a domain with this id is not ours
   */
  async find(vmId: string): Promise<Domain | undefined> {
    const domain = await this.#client.domainByUuid(vmId);
    if (!domain || (await this.isOurs(domain))) return domain;
    // Undefined between the two calls: then nothing is there to be foreign.
    if ((await this.#client.domainState(domain)) === undefined) return undefined;
    const text = `Domain ${domain.name} (${vmId}) on this host does not belong to the instance ${this.#instance}`;
    throw new DurastackError('CONFLICT', `${text}; remove it or give the machine another id`);
  }

  /** Whether the domain carries this instance's metadata. */
  async isOurs(domain: Domain): Promise<boolean> {
    const xml = await this.#client.domainMetadata(domain, METADATA_NAMESPACE);
    if (xml === undefined) return false;
    const { vm } = parser.parse(xml) as { vm?: { instance?: string } };
    return vm?.instance === this.#instance;
  }

  /** All of our machines with their power. */
  async observe(): Promise<ObservedVm[]> {
    const all = await this.#client.listDomains();
    const seen = await Promise.all(
      all.map(async (domain) => ((await this.isOurs(domain)) ? this.observeOne(domain) : undefined)),
    );
    return seen.filter((vm): vm is ObservedVm => vm !== undefined && vm.power !== 'absent');
  }

  /** Nothing but this product starts a machine: by the time its host comes back it may run on another. */
  async endAutostart(): Promise<void> {
    for (const domain of await this.#client.listAutostarted())
      if (await this.isOurs(domain)) await this.#client.endAutostart(domain);
  }

  /** A machine's power now. */
  async observeOne(domain: Domain): Promise<ObservedVm> {
    const seen = await this.#client.domainState(domain);
    const crashed = seen?.state === DOMAIN_STATE.shutoff && SHUTOFF_UNASKED.has(seen.reason);
    const power = seen ? powerOf(seen.state) : 'absent';
    return { id: domain.uuid, domainName: domain.name, power, ...(crashed ? { crashed } : {}) };
  }

  /** A domain's power; `absent` when it is gone. */
  async power(domain: Domain | undefined): Promise<PowerState> {
    const seen = domain && (await this.#client.domainState(domain));
    return seen ? powerOf(seen.state) : 'absent';
  }

  /** How it stands on this side of a migration. */
  async side(domain: Domain | undefined): Promise<MigrationSide> {
    const seen = domain && (await this.#client.domainState(domain));
    if (!seen) return 'absent';
    const { state, reason } = seen;
    if (state === DOMAIN_STATE.paused && HELD.has(reason)) return 'held';
    if (state === DOMAIN_STATE.paused && PAUSED_POST_COPY.has(reason)) return 'left';
    if (state === DOMAIN_STATE.running && reason === RUNNING_POST_COPY) return 'arriving';
    if (state === DOMAIN_STATE.running && reason === RUNNING_POST_COPY_FAILED) return 'stranded';
    return powerOf(state);
  }

  /**
   * Whether it is paused because it never ran yet, or because its memory is on its way, or was handed over: nobody else
   * may let it go on.
   */
  async isHeld(domain: Domain): Promise<boolean> {
    const side = await this.side(domain);
    return side === 'held' || side === 'left';
  }

  /** Whether it has left by post-copy, and the rest of its memory cannot follow. */
  async isBroken(domain: Domain): Promise<boolean> {
    const seen = await this.#client.domainState(domain);
    return seen?.state === DOMAIN_STATE.paused && seen.reason === PAUSED_POST_COPY_FAILED;
  }

  /** Whether QEMU is up and libvirt is about to let it run: another start is still under way. */
  async isStartingUp(domain: Domain): Promise<boolean> {
    const seen = await this.#client.domainState(domain);
    return seen?.state === DOMAIN_STATE.paused && seen.reason === PAUSED_STARTING_UP;
  }
}

/** A copy that libvirtd was starting when it died is still "starting up" until the next one has removed it. */
const HELD: ReadonlySet<number> = new Set([PAUSED_MIGRATION, PAUSED_STARTING_UP]);

/** libvirt's reasons of a shut-off that neither the guest nor anybody else asked for: crashed, failed. */
const SHUTOFF_UNASKED: ReadonlySet<number> = new Set([3, 6]);

function powerOf(state: number): PowerState {
  switch (state) {
    case DOMAIN_STATE.shutoff:
    case DOMAIN_STATE.crashed:
      return 'off';
    case DOMAIN_STATE.paused:
    case DOMAIN_STATE.pmSuspended:
      return 'paused';
    default:
      // "shutdown" is a guest on its way down: its process lives.
      return 'running';
  }
}

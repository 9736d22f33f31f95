/**
 * libvirt's remote procedures, typed: what the driver needs of them.
 *
 * Connects when first used and again after the daemon went away; every call has a time-out. A call that timed out may
 * still take effect: callers look at the state before they repeat.
 */
import { DurastackError } from '@durastack/contracts/errors';
import { LibvirtConnection } from './connection.js';
import {
  AFFECT_LIVE,
  BLOCK_RESIZE_BYTES,
  LIBVIRT_ERROR,
  LIST_AUTOSTARTED,
  METADATA_ELEMENT,
  MODIFY_FORCED,
  PROCEDURE,
  QEMU_PROCEDURE,
  QEMU_PROGRAM,
  SHUTDOWN_ACPI,
  START_FORCE_BOOT,
  STATS_OF_ACTIVE,
  TYPED,
  UNDEFINE_ALL,
  XML_INACTIVE,
} from './protocol.js';
import { isLibvirtError } from './remote-error.js';
import { XdrReader, XdrWriter } from './xdr.js';

/** A domain as libvirt refers to it. `id` is -1 when it does not run. */
export interface Domain {
  readonly name: string;
  readonly uuid: string;
  readonly id: number;
}

/** The host as libvirt sees it (virNodeInfo). */
export interface NodeInfo {
  readonly cpuModel: string;
  readonly memoryKib: number;
  readonly cpuCount: number;
  readonly cpuMhz: number;
}

/** What libvirt counts of a domain, by its names. */
export interface DomainStats {
  readonly domain: Domain;
  readonly numbers: ReadonlyMap<string, number>;
}

/** How a {@link LibvirtClient} behaves. */
export interface LibvirtClientOptions {
  readonly socketPath: string;
  /** Limit of an ordinary call. Default 10 s. */
  readonly callTimeoutMs?: number;
  /** Limit of each call of the greeting. Default 30 s: a fresh daemon probes its emulators first. */
  readonly openTimeoutMs?: number;
  /** Called for each event message, with the procedure number and the undecoded body. */
  readonly onEvent?: (procedure: number, body: XdrReader) => void;
  /** Called whenever the connection ended. */
  readonly onClosed?: () => void;
}

const CALL_TIMEOUT_MS = 10_000;
/** Starting and ending a QEMU process may have to wait for storage. */
const LONG_CALL_TIMEOUT_MS = 60_000;
/** The first call to a fresh daemon waits until it has probed its emulators. */
const OPEN_TIMEOUT_MS = 30_000;

/** A client of one libvirtd. Safe for parallel use. */
export class LibvirtClient {
  readonly #options: LibvirtClientOptions;
  #opening: Promise<LibvirtConnection> | undefined;
  #connection: LibvirtConnection | undefined;
  #isClosed = false;

  constructor(options: LibvirtClientOptions) {
    this.#options = options;
  }

  /** Connects if there is no connection. @throws DurastackError `BACKEND_BUSY` when the daemon does not answer */
  async connect(): Promise<void> {
    await this.#connected();
  }

  /** Ends the connection for good. */
  close(): void {
    this.#isClosed = true;
    this.#connection?.close();
  }

  /** Drops the present connection, so that the next call makes a new one. */
  reset(): void {
    this.#connection?.close();
  }

  /** Version of QEMU, e.g. `7.2.22`. */
  async hypervisorVersion(): Promise<string> {
    return versionText((await this.#call(PROCEDURE.connectGetVersion, new XdrWriter(), OPEN_TIMEOUT_MS)).ulong());
  }

  /** Version of libvirt, e.g. `9.0.0`. The cheapest call there is. */
  async libvirtVersion(timeoutMs = CALL_TIMEOUT_MS): Promise<string> {
    return versionText((await this.#call(PROCEDURE.connectGetLibVersion, new XdrWriter(), timeoutMs)).ulong());
  }

  /** The host's processors and memory. */
  async nodeInfo(): Promise<NodeInfo> {
    const reply = await this.#call(PROCEDURE.nodeGetInfo, new XdrWriter());
    // The model is `char[32]`, each char a word of its own.
    const model = Array.from({ length: 32 }, () => reply.int()).filter((char) => char !== 0);
    const memoryKib = Number(reply.ulong());
    return { cpuModel: String.fromCharCode(...model), memoryKib, cpuCount: reply.int(), cpuMhz: reply.int() };
  }

  /** What the host can do and how it confines machines, as XML. */
  async capabilities(): Promise<string> {
    return (await this.#call(PROCEDURE.connectGetCapabilities, new XdrWriter(), LONG_CALL_TIMEOUT_MS)).string();
  }

  /** All domains of the host, running or not, whoever they belong to. */
  async listDomains(): Promise<readonly Domain[]> {
    return this.#list(0);
  }

  /** Those that the daemon starts when its host does, whoever they belong to. */
  async listAutostarted(): Promise<readonly Domain[]> {
    return this.#list(LIST_AUTOSTARTED);
  }

  /** Numbers about every active domain, in one call; `kinds`: virDomainStatsTypes. */
  async activeDomainStats(kinds: number): Promise<readonly DomainStats[]> {
    const args = new XdrWriter().uint(0).uint(kinds).uint(STATS_OF_ACTIVE);
    const reply = await this.#call(PROCEDURE.connectGetAllDomainStats, args);
    return Array.from({ length: reply.uint() }, () => ({ domain: readDomain(reply), numbers: readNumbers(reply) }));
  }

  /** The domain of that UUID; undefined when there is none. */
  async domainByUuid(uuid: string): Promise<Domain | undefined> {
    return this.#lookup(PROCEDURE.domainLookupByUuid, new XdrWriter().fixed(uuidBytes(uuid)));
  }

  /** The domain of that name; undefined when there is none. */
  async domainByName(name: string): Promise<Domain | undefined> {
    return this.#lookup(PROCEDURE.domainLookupByName, new XdrWriter().string(name));
  }

  /** Makes or replaces the persistent definition. Waits when libvirt has to probe the emulator again for it. */
  async defineDomain(xml: string): Promise<Domain> {
    const args = new XdrWriter().string(xml).uint(0);
    return readDomain(await this.#call(PROCEDURE.domainDefineXmlFlags, args, LONG_CALL_TIMEOUT_MS));
  }

  /** Boots a defined domain: memory of it that was saved is discarded, its disks may have been written to since. */
  async createDomain(domain: Domain): Promise<Domain> {
    const args = domainArgs(domain).uint(START_FORCE_BOOT);
    return readDomain(await this.#call(PROCEDURE.domainCreateWithFlags, args, LONG_CALL_TIMEOUT_MS));
  }

  /** The daemon does not start it any more when its host does. */
  async endAutostart(domain: Domain): Promise<void> {
    await this.#call(PROCEDURE.domainSetAutostart, domainArgs(domain).int(0));
  }

  /** Ends a running domain's QEMU process. */
  async destroyDomain(domain: Domain): Promise<void> {
    await this.#call(PROCEDURE.domainDestroyFlags, domainArgs(domain).uint(0), LONG_CALL_TIMEOUT_MS);
  }

  /** Removes the persistent definition with all of libvirt's own files about it. */
  async undefineDomain(domain: Domain): Promise<void> {
    await this.#call(PROCEDURE.domainUndefineFlags, domainArgs(domain).uint(UNDEFINE_ALL));
  }

  /** Presses the ACPI power button. */
  async shutdownDomain(domain: Domain): Promise<void> {
    await this.#call(PROCEDURE.domainShutdownFlags, domainArgs(domain).uint(SHUTDOWN_ACPI));
  }

  /** Stops a running domain's processors. */
  async suspendDomain(domain: Domain): Promise<void> {
    await this.#call(PROCEDURE.domainSuspend, domainArgs(domain));
  }

  /** Lets a paused domain go on. */
  async resumeDomain(domain: Domain): Promise<void> {
    await this.#call(PROCEDURE.domainResume, domainArgs(domain));
  }

  /** virDomainState and its reason. Undefined when there is no such domain. */
  async domainState(domain: Domain): Promise<{ state: number; reason: number } | undefined> {
    return orNothing(LIBVIRT_ERROR.noDomain, async () => {
      const reply = await this.#call(PROCEDURE.domainGetState, domainArgs(domain).uint(0));
      return { state: reply.int(), reason: reply.int() };
    });
  }

  /** The definition that the next start takes. */
  async inactiveXml(domain: Domain): Promise<string> {
    return (await this.#call(PROCEDURE.domainGetXmlDesc, domainArgs(domain).uint(XML_INACTIVE))).string();
  }

  /** The definition of the running domain, with what was plugged in since; of one that is off, as {@link inactiveXml}. */
  async presentXml(domain: Domain): Promise<string> {
    return (await this.#call(PROCEDURE.domainGetXmlDesc, domainArgs(domain).uint(0))).string();
  }

  /** Plugs a device into the running domain. */
  async attachDevice(domain: Domain, xml: string): Promise<void> {
    const args = domainArgs(domain).string(xml).uint(AFFECT_LIVE);
    await this.#call(PROCEDURE.domainAttachDeviceFlags, args, LONG_CALL_TIMEOUT_MS);
  }

  /** Asks the guest to let go of a device. Returns after some seconds whether it did or not: look at the definition. */
  async detachDevice(domain: Domain, xml: string): Promise<void> {
    await this.#call(PROCEDURE.domainDetachDeviceFlags, domainArgs(domain).string(xml).uint(AFFECT_LIVE));
  }

  /** Changes a device of the running domain, e.g. what is in a drive; `forced`: also when the guest has locked that. */
  async updateDevice(domain: Domain, xml: string, forced: boolean): Promise<void> {
    const args = domainArgs(domain)
      .string(xml)
      .uint(AFFECT_LIVE | (forced ? MODIFY_FORCED : 0));
    await this.#call(PROCEDURE.domainUpdateDeviceFlags, args, LONG_CALL_TIMEOUT_MS);
  }

  /** The size that a running domain's disk has, in bytes. `target`: its device name in the definition. */
  async blockCapacity(domain: Domain, target: string): Promise<number> {
    const reply = await this.#call(PROCEDURE.domainGetBlockInfo, domainArgs(domain).string(target).uint(0));
    reply.ulong(); // allocation
    return Number(reply.ulong());
  }

  /** Gives a running domain's disk another size. */
  async resizeBlock(domain: Domain, target: string, sizeBytes: number): Promise<void> {
    const args = domainArgs(domain).string(target).ulong(BigInt(sizeBytes)).uint(BLOCK_RESIZE_BYTES);
    await this.#call(PROCEDURE.domainBlockResize, args, LONG_CALL_TIMEOUT_MS);
  }

  /** Gives the running domain so many of the processors that it was started with room for. */
  async setVcpus(domain: Domain, count: number): Promise<void> {
    await this.#call(PROCEDURE.domainSetVcpusFlags, domainArgs(domain).uint(count).uint(AFFECT_LIVE));
  }

  /** Our metadata element in the domain's definition, as XML; undefined when it has none or is gone. */
  async domainMetadata(domain: Domain, namespace: string): Promise<string | undefined> {
    const args = domainArgs(domain).int(METADATA_ELEMENT).optionalString(namespace).uint(0);
    return orNothing(LIBVIRT_ERROR.noDomain, () =>
      orNothing(LIBVIRT_ERROR.noDomainMetadata, async () =>
        (await this.#call(PROCEDURE.domainGetMetadata, args)).string(),
      ),
    );
  }

  /** Asks for events of one kind about all domains; lasts as long as the connection. @returns the callback's id */
  async subscribe(eventId: number): Promise<number> {
    const args = new XdrWriter().int(eventId).uint(0);
    return (await this.#call(PROCEDURE.domainEventCallbackRegisterAny, args)).int();
  }

  /** Ends a subscription. */
  async unsubscribe(callbackId: number): Promise<void> {
    await this.#call(PROCEDURE.domainEventCallbackDeregisterAny, new XdrWriter().int(callbackId));
  }

  /** Any procedure about one domain, for the files beside this one: the domain comes first, then `args`. */
  callOn(domain: Domain, procedure: number, args: (writer: XdrWriter) => XdrWriter, timeoutMs?: number) {
    return this.#call(procedure, args(domainArgs(domain)), timeoutMs);
  }

  /** Passes a command on to the QEMU of a running domain (QMP, as JSON). @returns QEMU's answer, as JSON */
  async monitorCommand(domain: Domain, command: string): Promise<string> {
    const connection = await this.#connected();
    const args = domainArgs(domain).string(command).uint(0);
    const { domainMonitorCommand } = QEMU_PROCEDURE;
    return (await connection.call(domainMonitorCommand, args, LONG_CALL_TIMEOUT_MS, QEMU_PROGRAM)).string();
  }

  /** Any procedure that is not about a domain that exists here, for the files beside this one. */
  callHost(procedure: number, args: XdrWriter, timeoutMs?: number): Promise<XdrReader> {
    return this.#call(procedure, args, timeoutMs);
  }

  async #lookup(procedure: number, args: XdrWriter): Promise<Domain | undefined> {
    return orNothing(LIBVIRT_ERROR.noDomain, async () => readDomain(await this.#call(procedure, args)));
  }

  async #list(flags: number): Promise<readonly Domain[]> {
    const reply = await this.#call(PROCEDURE.connectListAllDomains, new XdrWriter().int(1).uint(flags));
    return Array.from({ length: reply.uint() }, () => readDomain(reply));
  }

  async #call(procedure: number, args: XdrWriter, timeoutMs?: number): Promise<XdrReader> {
    const connection = await this.#connected();
    return connection.call(procedure, args, timeoutMs ?? this.#options.callTimeoutMs ?? CALL_TIMEOUT_MS);
  }

  async #connected(): Promise<LibvirtConnection> {
    if (this.#isClosed) throw new DurastackError('BACKEND_BUSY', 'This libvirt client was closed');
    if (this.#connection?.isOpen) return this.#connection;
    this.#opening ??= this.#open().finally(() => (this.#opening = undefined));
    return this.#opening;
  }

  async #open(): Promise<LibvirtConnection> {
    const connection = await LibvirtConnection.open(this.#options.socketPath, {
      event: (procedure, body) => this.#options.onEvent?.(procedure, body),
      closed: () => this.#options.onClosed?.(),
    });
    const timeoutMs = this.#options.openTimeoutMs ?? OPEN_TIMEOUT_MS;
    try {
      await connection.call(PROCEDURE.authList, new XdrWriter(), timeoutMs);
      const args = new XdrWriter().optionalString('qemu:///system').uint(0);
      await connection.call(PROCEDURE.connectOpen, args, timeoutMs);
    } catch (error) {
      connection.close();
      throw error;
    }
    if (this.#isClosed) connection.close();
    this.#connection = connection;
    return connection;
  }
}

/** Reads a domain reference (`remote_nonnull_domain`). */
export function readDomain(reply: XdrReader): Domain {
  return { name: reply.string(), uuid: uuidText(reply.fixed(16)), id: reply.int() };
}

/** Typed parameters; texts among them are passed over. */
function readNumbers(reply: XdrReader): Map<string, number> {
  const numbers = new Map<string, number>();
  for (let left = reply.uint(); left > 0; left -= 1) {
    const name = reply.string();
    const type = reply.int();
    if (type === TYPED.string) reply.string();
    else if (type === TYPED.double) numbers.set(name, reply.double());
    else if (type === TYPED.llong || type === TYPED.ullong) numbers.set(name, Number(reply.ulong()));
    else numbers.set(name, reply.uint());
  }
  return numbers;
}

function domainArgs(domain: Domain): XdrWriter {
  return new XdrWriter().string(domain.name).fixed(uuidBytes(domain.uuid)).int(domain.id);
}

function uuidBytes(uuid: string): Buffer {
  return Buffer.from(uuid.replaceAll('-', ''), 'hex');
}

function uuidText(bytes: Buffer): string {
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

function versionText(version: bigint): string {
  const number = Number(version);
  return [Math.floor(number / 1_000_000), Math.floor(number / 1_000) % 1_000, number % 1_000].join('.');
}

async function orNothing<T>(code: number, act: () => Promise<T>): Promise<T | undefined> {
  try {
    return await act();
  } catch (error) {
    if (isLibvirtError(error, code)) return undefined;
    throw error;
  }
}

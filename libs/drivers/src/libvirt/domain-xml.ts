/** A machine's specification as libvirt's domain XML. Pure. */
import { MAX_DATA_VOLUMES, type VmSpec } from '@durastack/contracts/agent/specs';
import type { DiskSource } from '../pool-driver.js';
import { create } from 'xmlbuilder2';
import type { Accelerator } from './accelerator.js';
import { cdDriveXml, CD_CONTROLLER, dataDiskXml, diskXml, ROOT_TARGET, type OpenedDisk, type Xml } from './disk-xml.js';
import { nicXml } from './nic-xml.js';

/** XML namespace of our metadata element: marks which control plane instance a domain belongs to. */
export const METADATA_NAMESPACE = 'urn:durastack:domain:1';

/** Paths of a machine's files on the host; all absolute. */
export interface DomainPaths {
  readonly seed: string;
  readonly serialLog: string;
  readonly vncSocket: string;
}

/** What the domain XML is made from. */
export interface DomainXmlInput {
  readonly vm: VmSpec;
  readonly instance: string;
  readonly accelerator: Accelerator;
  readonly rootDisk: DiskSource;
  readonly dataDisks: readonly OpenedDisk[];
  /** The file in the CD drive; absent: the drive is empty. */
  readonly disc?: string | undefined;
  readonly paths: DomainPaths;
  /** Taps on a userspace switch: checksums must be complete, because nobody completes them on the way. */
  readonly withoutOffloads?: ReadonlySet<string>;
}

/** PCIe devices besides network interfaces: two disks, the CD drive's bus, serial bus, input, random numbers, balloon. */
const FIXED_DEVICES = 7;
/** Slots for data disks, there from the start or plugged in later. */
const DATA_DISK_PORTS = MAX_DATA_VOLUMES;
/** Slots for network interfaces that are plugged in later. */
const SPARE_NIC_PORTS = 4;
/** How often memory can be added. */
const MEMORY_SLOTS = 16;

/** The domain's definition. Image formats are always named: QEMU never probes what a guest may have written. */
export function domainXml(input: DomainXmlInput): string {
  const { vm, instance, accelerator } = input;
  const root: Xml = {
    domain: {
      '@type': accelerator === 'kvm' ? 'kvm' : 'qemu',
      name: vm.domainName,
      uuid: vm.id,
      metadata: { 'dura:vm': { '@xmlns:dura': METADATA_NAMESPACE, '@instance': instance, '@id': vm.id } },
      ...size(vm),
      os: { type: { '@arch': 'x86_64', '@machine': 'q35', '#': 'hvm' } },
      features: { acpi: {}, apic: {} },
      cpu: { ...cpu(accelerator), ...numa(vm) },
      clock: {
        '@offset': 'utc',
        timer: [
          { '@name': 'rtc', '@tickpolicy': 'catchup' },
          { '@name': 'hpet', '@present': 'no' },
        ],
      },
      on_poweroff: 'destroy',
      on_reboot: 'restart',
      on_crash: 'destroy',
      devices: devices(input),
    },
  };
  return create(root).end({ prettyPrint: true, headless: true });
}

/** Processors and memory; with room for more where the machine may grow while it runs. */
function size({ vcpus, memoryMib, growth }: VmSpec): Xml {
  const memory = { '@unit': 'MiB', '#': memoryMib };
  if (!growth) return { memory, vcpu: { '@placement': 'static', '#': vcpus } };
  return {
    ...(mayPlugMemory({ memoryMib, growth })
      ? { maxMemory: { '@slots': MEMORY_SLOTS, '@unit': 'MiB', '#': growth.maxMemoryMib } }
      : {}),
    memory,
    vcpu: { '@placement': 'static', '@current': vcpus, '#': growth.maxVcpus },
  };
}

/** QEMU takes no room that is none. */
function mayPlugMemory({ memoryMib, growth }: Pick<VmSpec, 'memoryMib' | 'growth'>): boolean {
  return growth !== undefined && growth.maxMemoryMib > memoryMib;
}

/** Memory is plugged into a node: the only one holds all processors. */
function numa({ memoryMib, growth }: VmSpec): Xml {
  if (!growth || !mayPlugMemory({ memoryMib, growth })) return {};
  const cell = { '@id': 0, '@cpus': growth.maxVcpus > 1 ? `0-${growth.maxVcpus - 1}` : '0' };
  return { numa: { cell: { ...cell, '@memory': memoryMib, '@unit': 'MiB' } } };
}

function cpu(accelerator: Accelerator): Xml {
  if (accelerator === 'kvm') return { '@mode': 'host-passthrough', '@check': 'none', '@migratable': 'on' };
  // Five-level page tables make emulated memory accesses slower and serve no guest of this size.
  return { '@mode': 'maximum', '@check': 'none', feature: { '@policy': 'disable', '@name': 'la57' } };
}

function devices(input: DomainXmlInput): Xml {
  const { vm, paths } = input;
  return {
    disk: [rootDisk(input), seedDisk(paths), cdDriveXml(input.disc), ...input.dataDisks.map(dataDiskXml)],
    controller: [
      { '@type': 'usb', '@model': 'none' },
      { '@type': 'pci', '@model': 'pcie-root' },
      CD_CONTROLLER,
      ...Array.from({ length: FIXED_DEVICES + vm.nics.length + SPARE_NIC_PORTS + DATA_DISK_PORTS }, () => ({
        '@type': 'pci',
        '@model': 'pcie-root-port',
      })),
    ],
    interface: vm.nics.map((nic) => nicXml(nic, input.withoutOffloads?.has(nic.tap) ?? false)),
    serial: serial(paths.serialLog),
    channel: { '@type': 'unix', target: { '@type': 'virtio', '@name': 'org.qemu.guest_agent.0' } },
    input: { '@type': 'tablet', '@bus': 'virtio' },
    graphics: { '@type': 'vnc', listen: { '@type': 'socket', '@socket': paths.vncSocket } },
    video: { model: { '@type': 'vga' } },
    rng: { '@model': 'virtio', backend: { '@model': 'random', '#': '/dev/urandom' } },
    memballoon: { '@model': 'virtio' },
  };
}

function rootDisk({ vm, rootDisk: source }: DomainXmlInput): Xml {
  return { ...diskXml(source, { target: ROOT_TARGET, volumeId: vm.rootVolume.id }), boot: { '@order': 1 } };
}

/** A virtio disk: cloud kernels have no AHCI driver for a CD drive. */
function seedDisk(paths: DomainPaths): Xml {
  return {
    '@type': 'file',
    '@device': 'disk',
    driver: { '@name': 'qemu', '@type': 'raw' },
    source: { '@file': paths.seed },
    target: { '@dev': 'vdb', '@bus': 'virtio' },
    readonly: {},
  };
}

/** Appending, so that cutting the file short is safe while QEMU writes. */
function serial(log: string): Xml {
  return {
    '@type': 'file',
    source: { '@path': log, '@append': 'on' },
    target: { '@type': 'isa-serial', '@port': 0 },
  };
}

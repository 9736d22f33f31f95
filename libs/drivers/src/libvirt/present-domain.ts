/** A running domain as libvirt describes it now, with what was plugged in since it was started. */
import { XMLParser } from 'fast-xml-parser';
import { z } from 'zod';
import { CD_TARGET } from './disk-xml.js';
import type { LibvirtClient, Domain } from './rpc/client.js';

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  parseTagValue: false,
  isArray: (name) => name === 'disk' || name === 'interface',
  alwaysCreateTextNode: true,
});

const text = z.object({ '#text': z.string() });
const disk = z.object({
  serial: text.optional(),
  source: z.object({ '@file': z.string().optional() }).optional(),
  target: z.object({ '@dev': z.string(), '@tray': z.string().optional() }),
});
const nic = z.object({
  mac: z.object({ '@address': z.string() }),
  source: z.object({ '@bridge': z.string() }).optional(),
});
const described = z.object({
  domain: z.object({
    memory: text.extend({ '@unit': z.literal('KiB') }),
    maxMemory: text.extend({ '@unit': z.literal('KiB') }).optional(),
    vcpu: text.extend({ '@current': z.string().optional() }),
    devices: z.object({ disk: z.array(disk).default([]), interface: z.array(nic).default([]) }),
  }),
});

/** A CD drive. */
export interface PresentCdDrive {
  /** The file in it. */
  readonly file?: string | undefined;
  /** The guest has opened it: what is in it is out of its reach. */
  readonly isOpen: boolean;
}

/** See the module's head. */
export interface PresentDomain {
  /** Device names by serial number. */
  readonly targets: ReadonlyMap<string, string>;
  readonly usedTargets: ReadonlySet<string>;
  /** Bridges of its interfaces by MAC. */
  readonly nics: ReadonlyMap<string, string>;
  /** Absent of a machine that was started when there were none. */
  readonly cdDrive?: PresentCdDrive | undefined;
  readonly vcpus: number;
  readonly maxVcpus: number;
  readonly memoryMib: number;
  /** Absent when its memory cannot grow. */
  readonly maxMemoryMib?: number;
}

/** Looks at a domain. */
export async function readPresent(client: LibvirtClient, domain: Domain): Promise<PresentDomain> {
  const { memory, maxMemory, vcpu, devices } = described.parse(parser.parse(await client.presentXml(domain))).domain;
  const maxVcpus = Number(vcpu['#text']);
  const named = devices.disk.flatMap(({ serial, target }) =>
    serial === undefined ? [] : [[serial['#text'].trim(), target['@dev']] as const],
  );
  const drive = devices.disk.find(({ target }) => target['@dev'] === CD_TARGET);
  return {
    targets: new Map(named),
    usedTargets: new Set(devices.disk.map(({ target }) => target['@dev'])),
    nics: new Map(
      devices.interface.map(({ mac, source }) => [mac['@address'].toLowerCase(), source?.['@bridge'] ?? '']),
    ),
    cdDrive: drive && { file: drive.source?.['@file'], isOpen: drive.target['@tray'] === 'open' },
    vcpus: vcpu['@current'] === undefined ? maxVcpus : Number(vcpu['@current']),
    maxVcpus,
    memoryMib: Number(memory['#text']) / 1024,
    ...(maxMemory === undefined ? {} : { maxMemoryMib: Number(maxMemory['#text']) / 1024 }),
  };
}

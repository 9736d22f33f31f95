/** A machine's disk in its definitions, and which copy wrote the one of its next start. Pure. */
import { XMLParser } from 'fast-xml-parser';
import { z } from 'zod';
import { create } from 'xmlbuilder2';
import type { XMLBuilder } from 'xmlbuilder2/lib/interfaces.js';
import type { DiskSource } from '../../pool-driver.js';
import { diskXml } from '../disk-xml.js';

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  parseTagValue: false,
  removeNSPrefix: true,
  isArray: (name) => name === 'disk',
});

const source = z.object({
  '@file': z.string().optional(),
  '@protocol': z.string().optional(),
  '@name': z.string().optional(),
});
const disk = z.object({
  serial: z.string().optional(),
  source: source.optional(),
  target: z.object({ '@dev': z.string() }),
  mirror: z.object({ '@ready': z.string().optional(), source: source.optional() }).optional(),
});
const described = z.object({
  domain: z.object({
    metadata: z.object({ vm: z.object({ '@copy': z.string().optional() }).optional() }).optional(),
    devices: z.object({ disk: z.array(disk).default([]) }),
  }),
});

/** A disk as libvirt describes it. */
export type DescribedDisk = z.infer<typeof disk>;

/** What a definition tells. */
export interface Described {
  readonly disks: readonly DescribedDisk[];
  /** The copy that wrote it; see {@link defineOn}. */
  readonly copyId: string | undefined;
}

/** Reads a definition. */
export function readDefinition(xml: string): Described {
  const { metadata, devices } = described.parse(parser.parse(xml)).domain;
  return { disks: devices.disk, copyId: metadata?.vm?.['@copy'] };
}

/** Whether a described source is that place. */
export function isAt(described: z.infer<typeof source> | undefined, place: DiskSource): boolean {
  if (described === undefined) return false;
  if (place.type === 'file') return described['@file'] === place.path;
  return described['@protocol'] === place.type && described['@name'] === place.name;
}

/** What changes in a definition. */
export interface Redefinition {
  /** The disk's target name, e.g. `vda`. */
  readonly dev: string;
  readonly volumeId: string;
  readonly place: DiskSource;
  /** Noted in our metadata as the copy that wrote this; the next start writes the definition anew. */
  readonly copyId: string | undefined;
}

/** The definition with one disk at another place; everything else stays. */
export function defineOn(xml: string, { dev, volumeId, place, copyId }: Redefinition): string {
  const document = create(xml);
  const { driver, source: at, backingStore, '@type': type } = diskXml(place, { target: dev, volumeId });
  for (const element of all(document, (name) => name === 'disk')) {
    if (
      all(element, (name) => name === 'target')[0]
        ?.toString()
        .includes(`dev="${dev}"`) !== true
    )
      continue;
    for (const name of ['driver', 'source', 'backingStore']) for (const old of children(element, name)) old.remove();
    element.att('type', String(type));
    element.ele({ driver, source: at, ...(backingStore === undefined ? {} : { backingStore }) });
  }
  for (const element of all(document, (name) => name.endsWith(':vm'))) {
    if (copyId === undefined) element.removeAtt('copy');
    else element.att('copy', copyId);
  }
  return document.end({ headless: true });
}

const all = (node: XMLBuilder, named: (name: string) => boolean): XMLBuilder[] =>
  node.filter((one) => named(one.node.nodeName), false, true);
const children = (node: XMLBuilder, name: string): XMLBuilder[] => node.filter((one) => one.node.nodeName === name);

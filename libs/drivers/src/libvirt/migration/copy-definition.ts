/**
 * What a machine's copy is defined as at the destination. Pure.
 *
 * Everything comes from the destination's own definition of the machine, except what its guest would notice a change of:
 * machine type, size, and where devices sit. Only that is taken from what the source's host says, as numbers and words
 * that can name no file: a host that was taken over can put no device, disk or program of its choice on another one.
 */
import { DurastackError } from '@durastack/contracts/errors';
import { XMLParser } from 'fast-xml-parser';
import { create } from 'xmlbuilder2';

type Node = string | { readonly [name: string]: Node | readonly Node[] };
type Element = Readonly<Record<string, Node | readonly Node[]>>;

const REPEATED = new Set(['disk', 'controller', 'interface', 'serial', 'channel', 'input', 'memory', 'rng', 'video']);
const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  textNodeName: '#',
  parseTagValue: false,
  parseAttributeValue: false,
  processEntities: false,
  isArray: (_name, path) =>
    /^domain\.devices\.\w+$/.test(String(path)) && REPEATED.has(String(path).split('.')[2] ?? ''),
});

/** Names no file, no address and no program. */
const HARMLESS = /^[\w.:,+ -]{0,200}$/;
const MACHINE = /^pc-q35-\d{1,2}\.\d{1,2}$/;

/** How a device is known again: by what its guest knows it by. */
const KEYS: Readonly<Record<string, (device: Element) => string>> = {
  disk: (device) => text(device, 'target', '@dev'),
  interface: (device) => text(device, 'mac', '@address'),
  channel: (device) => text(device, 'target', '@name'),
  input: (device) => `${text(device, '@type')} ${text(device, '@bus')}`,
  serial: () => 'serial',
  video: () => 'video',
  rng: () => 'rng',
  memballoon: () => 'memballoon',
};
/** How large the machine is and may become: as it was started, whatever it would be started as now. */
const SIZE = ['maxMemory', 'memory', 'currentMemory', 'vcpu', 'vcpus'];
const LAYOUT = ['numa', 'topology'];
/** Devices that libvirt adds by itself, on either side. */
const IMPLIED = new Set(['emulator', 'console', 'audio', 'controller', 'graphics', 'memory', 'hub', 'watchdog']);
const IMPLIED_INPUTS = new Set(['mouse ps2', 'keyboard ps2']);

/**
 * Joins the two.
 *
 * @param ownXml this host's definition of the machine
 * @param sourceXml the live definition at the source
 * @throws DurastackError FORBIDDEN when the source describes something else than that machine
 */
export function copyDefinition(ownXml: string, sourceXml: string): string {
  const [own, source] = [parse(ownXml), parse(sourceXml)];
  for (const name of ['name', 'uuid'])
    if (text(own, name) !== text(source, name)) throw foreign(`its ${name} is ${text(source, name).slice(0, 80)}`);
  const merged = {
    ...replaced(own, source, SIZE),
    os: os(own, source),
    cpu: cpu(own, source),
    devices: devices(element(own, 'devices'), element(source, 'devices')),
  };
  return create({ domain: merged } as never).end({ headless: true });
}

function parse(xml: string): Element {
  // Entities and document types have no business here.
  if (/<!/.test(xml)) throw foreign('it contains a document type');
  const { domain } = parser.parse(xml) as { domain?: Element };
  if (typeof domain !== 'object') throw foreign('it is no domain');
  return domain;
}

function os(own: Element, source: Element): Element {
  const machine = text(source, 'os', 'type', '@machine');
  if (!MACHINE.test(machine)) throw foreign(`its machine type is ${machine.slice(0, 40)}`);
  const mine = element(own, 'os');
  return { ...mine, type: { ...element(mine, 'type'), '@machine': machine } };
}

/** The model is this host's own word for it; how memory is spread over it has changed where some was plugged in. */
function cpu(own: Element, source: Element): Element {
  return replaced(element(own, 'cpu'), element(source, 'cpu'), LAYOUT);
}

function devices(own: Element, source: Element): Element {
  const merged: Record<string, Node | readonly Node[]> = { ...own };
  for (const kind of Object.keys(source)) {
    if (kind in KEYS) merged[kind] = placed(kind, own, source);
    else if (!IMPLIED.has(kind)) throw foreign(`it has a device of the kind ${kind.slice(0, 40)}`);
  }
  for (const kind of Object.keys(own))
    if (kind in KEYS && !(kind in source)) throw foreign(`it has no ${kind}, which the machine has`);
  merged['controller'] = all(source, 'controller').map((device) => harmless(device, 'controller'));
  const plugged = all(source, 'memory').map((device) => harmless(device, 'memory'));
  if (plugged.some((device) => text(device as Element, '@model') !== 'dimm')) throw foreign('it has memory of its own');
  if (plugged.length > 0) merged['memory'] = plugged;
  return merged;
}

/** This host's devices of one kind, where the source's are. */
function placed(kind: string, own: Element, source: Element): readonly Node[] {
  const keyOf = KEYS[kind]!;
  const places = new Map(all(source, kind).map((device) => [keyOf(device), device]));
  const mine = all(own, kind).flatMap((device): Node[] => {
    const key = keyOf(device);
    const place = places.get(key);
    // Of a machine that was started when there were no CD drives.
    if (place === undefined && text(device, '@device') === 'cdrom') return [];
    if (place === undefined) throw foreign(`it has no ${kind} ${key}, which the machine has`);
    places.delete(key);
    return [{ ...device, ...pick(place, ['address']) }];
  });
  for (const key of places.keys())
    if (!(kind === 'input' && IMPLIED_INPUTS.has(key)))
      throw foreign(`it has a ${kind} ${key.slice(0, 80)}, which the machine has not`);
  return mine;
}

/** What is there of these counts as the source has it, also that it has none. */
function replaced(own: Element, source: Element, names: readonly string[]): Element {
  const others = Object.entries(own).filter(([name]) => !names.includes(name));
  return { ...Object.fromEntries(others), ...pick(source, names) };
}

function pick(from: Element, names: readonly string[]): Element {
  return Object.fromEntries(names.filter((name) => name in from).map((name) => [name, harmless(from[name]!, name)]));
}

/** The same, if it holds nothing but numbers and plain words. */
function harmless<T extends Node | readonly Node[]>(node: T, where: string): T {
  if (typeof node === 'string') {
    if (!HARMLESS.test(node)) throw foreign(`its ${where} is ${node.slice(0, 80)}`);
  } else {
    for (const [name, value] of Object.entries(node)) {
      if (!/^[@#]?\w*$/.test(name)) throw foreign(`its ${where} has a ${name.slice(0, 40)}`);
      harmless(value as Node, Array.isArray(node) ? where : `${where} ${name}`);
    }
  }
  return node;
}

function all(parent: Element, kind: string): Element[] {
  const found = parent[kind];
  if (found === undefined) return [];
  return (Array.isArray(found) ? found : [found]).map((one) => (typeof one === 'object' ? (one as Element) : {}));
}

function element(parent: Element, name: string): Element {
  const found = parent[name];
  return typeof found === 'object' && !Array.isArray(found) ? (found as Element) : {};
}

/** The text at a path; empty when there is none. */
function text(from: Element, ...path: readonly string[]): string {
  let node: Node | readonly Node[] | undefined = from;
  for (const name of path) {
    if (typeof node !== 'object' || Array.isArray(node)) return '';
    node = (node as Element)[name];
  }
  if (typeof node === 'string') return node;
  const content = typeof node === 'object' && !Array.isArray(node) ? (node as Element)['#'] : undefined;
  return typeof content === 'string' ? content : '';
}

function foreign(why: string): DurastackError {
  return new DurastackError('FORBIDDEN', `What the source describes is not the machine of the ticket: ${why}`);
}

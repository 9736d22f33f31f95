/**
 * What QEMU keeps open that libvirt has forgotten. libvirt opens the target of a mirror before it starts the mirror, and
 * closes an image after; a libvirtd that is killed between leaves it open until the machine ends. Nobody could remove it so
 * long: Ceph refuses while a client has an image open.
 *
 * QEMU is asked through libvirt (its program for QEMU's monitor), which notes in the machine's log that it was
 * ("tainted: custom-monitor"), so only where something may have been left. QEMU itself refuses to close what is in use.
 */
import type { PoolSpec } from '@durastack/contracts/agent/specs';
import { DurastackError, isDurastackError } from '@durastack/contracts/errors';
import { z } from 'zod';
import type { DiskSource } from '../../pool-driver.js';
import { diskSerial } from '../disk-xml.js';
import type { LibvirtHost } from '../libvirt-host.js';
import type { Domain } from '../rpc/client.js';
import { readDefinition } from './disk-definition.js';

/** What libvirt calls what it opens: https://libvirt.org, src/qemu/qemu_block.c. */
const OF_LIBVIRT = /^libvirt-/;
/** An image, the file under it, and filters: each is closed only after what stands on it. */
const MOST_LAYERS = 4;

const reply = z.object({ return: z.unknown().optional(), error: z.object({ desc: z.string() }).optional() });
const nodes = z.array(z.object({ 'node-name': z.string().default(''), file: z.string() }));

/** Closes an image in a machine that does not use it. What it does use stays. */
export async function closeLeftovers(host: LibvirtHost, domain: Domain, place: DiskSource): Promise<void> {
  for (let layer = 0; layer < MOST_LAYERS; layer += 1) {
    const open = nodes.parse(await ask(host, domain, 'query-named-block-nodes', { flat: true }));
    const left = open.filter((node) => OF_LIBVIRT.test(node['node-name']) && isOf(node.file, place));
    const closed = await Promise.all(left.map((node) => close(host, domain, node['node-name'])));
    if (!closed.includes(true)) return;
  }
}

/** Removes a volume from a pool. What the machine that has it elsewhere now still has open of it is closed. */
export async function removeVolume(host: LibvirtHost, volumeId: string, pool: PoolSpec): Promise<void> {
  const driver = host.pools.of(pool);
  try {
    await driver.ensureVolumeGone(volumeId, pool);
  } catch (error) {
    if (!isDurastackError(error) || error.details['inUse'] !== true) throw error;
    const domain = await whichHas(host, volumeId);
    if (domain === undefined) throw error;
    await closeLeftovers(host, domain, host.pools.diskSource({ id: volumeId, pool, sizeBytes: 0 }));
    await driver.ensureVolumeGone(volumeId, pool);
  }
}

async function whichHas(host: LibvirtHost, volumeId: string): Promise<Domain | undefined> {
  for (const { id, power } of await host.domains.observe()) {
    const domain = power === 'off' ? undefined : await host.domains.find(id);
    if (domain === undefined) continue;
    const { disks } = readDefinition(await host.client.presentXml(domain));
    if (disks.some(({ serial }) => serial === diskSerial(volumeId))) return domain;
  }
  return undefined;
}

async function close(host: LibvirtHost, domain: Domain, name: string): Promise<boolean> {
  try {
    await ask(host, domain, 'blockdev-del', { 'node-name': name });
    return true;
  } catch (error) {
    // In use, or gone since.
    if (!isDurastackError(error, 'STEP_REFUSED')) throw error;
    return false;
  }
}

async function ask({ client }: LibvirtHost, domain: Domain, execute: string, args: object): Promise<unknown> {
  const answer = await client.monitorCommand(domain, JSON.stringify({ execute, arguments: args }));
  const { return: value, error } = reply.parse(JSON.parse(answer));
  if (error) throw new DurastackError('STEP_REFUSED', `QEMU refuses ${execute}: ${error.desc}`);
  return value;
}

/** Whether a node's file, a path or `json:` and the options that it was opened with, names the place. */
function isOf(file: string, place: DiskSource): boolean {
  if (!file.startsWith('json:')) return place.type === 'file' && file === place.path;
  return names(JSON.parse(file.slice('json:'.length)), place);
}

function names(options: unknown, place: DiskSource): boolean {
  if (typeof options !== 'object' || options === null) return false;
  const { driver, filename, pool, image, ...parts } = options as Record<string, unknown>;
  if (place.type === 'file' && filename === place.path) return true;
  if (place.type === 'rbd' && driver === 'rbd' && `${String(pool)}/${String(image)}` === place.name) return true;
  // Not what it stands on: a base image is open in many.
  return Object.entries(parts).some(([part, value]) => part !== 'backing' && names(value, place));
}

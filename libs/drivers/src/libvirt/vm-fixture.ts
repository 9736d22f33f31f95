/** A pool, a bootable base image of 1 MiB and specifications over them, for specs of the libvirt driver. */
import type { DirectoryPoolSpec, DiscSpec, NetworkSpec, VmSpec, VolumeSpec } from '@durastack/contracts/agent/specs';
import { randomUUID } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../process/run.js';
import { bootDisk, busyDisk } from './boot-sector.js';

/** What the boot sector prints. */
export const GUEST_SAYS = 'durastack guest is up';

/** A pool in `dir` whose only template is the boot sector. */
export interface PoolFixture {
  readonly pool: DirectoryPoolSpec;
  readonly templateId: string;
}

/** Makes the pool; `powerOffAfterTicks`: its guest switches itself off after so many ticks of 55 ms; `busyUntilMib`: it writes to its memory. */
export async function makePool(
  dir: string,
  options: { powerOffAfterTicks?: number; busyUntilMib?: number } = {},
): Promise<PoolFixture> {
  const pool: DirectoryPoolSpec = {
    id: randomUUID(),
    kind: 'directory',
    path: join(dir, `pool-${randomUUID().slice(0, 4)}`),
  };
  const templateId = randomUUID();
  for (const folder of ['volumes', 'templates']) await mkdir(join(pool.path, folder), { recursive: true });
  const raw = join(pool.path, 'boot.raw');
  const { busyUntilMib } = options;
  const says = `${GUEST_SAYS}\r\n`;
  await writeFile(raw, busyUntilMib === undefined ? bootDisk(says, options) : busyDisk(says, busyUntilMib));
  const base = join(pool.path, 'templates', `${templateId}.qcow2`);
  await run('qemu-img', ['convert', '-f', 'raw', '-O', 'qcow2', raw, base]);
  await rm(raw);
  return { pool, templateId };
}

/** A volume over the fixture's template. */
export function volumeOf({ pool, templateId }: PoolFixture): VolumeSpec {
  return { id: randomUUID(), pool, templateId, sizeBytes: 1024 * 1024 };
}

/** A disc in a store of its own in `dir`, which holds nothing. */
export async function makeDisc(dir: string): Promise<DiscSpec> {
  const store = { id: randomUUID(), path: join(dir, `store-${randomUUID().slice(0, 4)}`) };
  const isoId = randomUUID();
  await mkdir(store.path);
  await run('qemu-img', ['create', '-q', '-f', 'qcow2', join(store.path, `${isoId}.qcow2`), '64K']);
  return { isoId, store };
}

/** A network of its own for a spec; `number` makes bridge and range unique within the namespace. */
export function networkOf(instance: string, number: number): NetworkSpec {
  return {
    id: randomUUID(),
    name: `net-${number}`,
    driver: 'bridge',
    bridge: `${instance}n${number}`,
    cidr: `10.77.${number}.0/24`,
    gateway: `10.77.${number}.1`,
    gatewayOnHost: true,
    dns: ['10.77.0.53'],
    mtu: 1500,
  };
}

/** A machine of 32 MiB with one interface per network, at address `.host`. */
export function vmOf(input: {
  instance: string;
  volume: VolumeSpec;
  networks: readonly NetworkSpec[];
  host: number;
}): VmSpec {
  const id = randomUUID();
  return {
    id,
    domainName: `${input.instance}-i-${input.host}`,
    vcpus: 1,
    cpuMhz: 500,
    memoryMib: 32,
    rootVolume: input.volume,
    dataVolumes: [],
    nics: input.networks.map((network, index) => ({
      id: randomUUID(),
      tap: `${input.instance}t${input.host}-${index}`,
      mac: `06:00:0a:4d:0${index}:${input.host.toString(16).padStart(2, '0')}`,
      ip: network.gateway.replace(/\d+$/, String(input.host)),
      network,
      isDefault: index === 0,
    })),
    seed: { instanceId: id, hostname: `guest-${input.host}`, publicKeys: [] },
  };
}

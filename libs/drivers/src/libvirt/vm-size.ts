/** Verb `ensureVmSize`: processors and memory for a running machine that was started with room to grow. */
import type { PowerState } from '@durastack/contracts/agent/specs';
import { DurastackError } from '@durastack/contracts/errors';
import { deviceXml } from './disk-xml.js';
import type { LibvirtHost } from './libvirt-host.js';
import { readPresent, type PresentDomain } from './present-domain.js';

/** What the machine is to have at least. */
export interface VmSize {
  readonly vmId: string;
  readonly vcpus: number;
  readonly memoryMib: number;
}

/** Linux takes memory in blocks of this size. */
const MEMORY_BLOCK_MIB = 128;

/**
 * The running machine has at least that size; of one that does not run only the power is told.
 *
 * @throws DurastackError `STEP_REFUSED` when it was not started with that much room, or libvirt refuses
 */
export async function ensureVmSize(host: LibvirtHost, { vmId, vcpus, memoryMib }: VmSize): Promise<PowerState> {
  const domain = await host.domains.find(vmId);
  const power = await host.domains.power(domain);
  if (!domain || (power !== 'running' && power !== 'paused')) return power;
  const present = await readPresent(host.client, domain);
  requireRoom(present, { vmId, vcpus, memoryMib });
  if (present.vcpus < vcpus) await host.client.setVcpus(domain, vcpus);
  const missingMib = memoryMib - present.memoryMib;
  if (missingMib > 0) {
    const target = { size: { '@unit': 'MiB', '#': missingMib }, node: 0 };
    await host.client.attachDevice(domain, deviceXml({ memory: { '@model': 'dimm', target } }));
  }
  return power;
}

function requireRoom(present: PresentDomain, { vmId, vcpus, memoryMib }: VmSize): void {
  const refuse = (why: string): never => {
    throw new DurastackError('STEP_REFUSED', `Machine ${vmId} ${why}; stop it first`);
  };
  if (vcpus > present.maxVcpus) refuse(`was started with room for ${present.maxVcpus} processors, ${vcpus} are wanted`);
  if (memoryMib <= present.memoryMib) return;
  const room = present.maxMemoryMib ?? present.memoryMib;
  if (memoryMib > room) refuse(`was started with room for ${room} MiB of memory, ${memoryMib} are wanted`);
  if ((memoryMib - present.memoryMib) % MEMORY_BLOCK_MIB !== 0)
    refuse(`can take memory in steps of ${MEMORY_BLOCK_MIB} MiB while it runs`);
}

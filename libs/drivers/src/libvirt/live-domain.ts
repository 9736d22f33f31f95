/** A machine that runs, and what it is asked to let go of. */
import type { PowerState } from '@durastack/contracts/agent/specs';
import type { LibvirtHost } from './libvirt-host.js';
import type { Domain } from './rpc/client.js';
import { LIBVIRT_ERROR } from './rpc/protocol.js';
import { isLibvirtError } from './rpc/remote-error.js';

/** The machine's domain while a QEMU process of it exists. */
export async function liveDomain(host: LibvirtHost, vmId: string): Promise<{ domain?: Domain; power: PowerState }> {
  const domain = await host.domains.find(vmId);
  const power = await host.domains.power(domain);
  return domain && (power === 'running' || power === 'paused') ? { domain, power } : { power };
}

/** The guest was asked for a device before and has not answered, said no, or let go of it in this moment. */
export function isUnderWay(error: unknown): boolean {
  const codes = [LIBVIRT_ERROR.operationFailed, LIBVIRT_ERROR.operationTimeout, LIBVIRT_ERROR.deviceMissing];
  return [...codes, LIBVIRT_ERROR.noDomain, LIBVIRT_ERROR.operationInvalid].some((code) => isLibvirtError(error, code));
}

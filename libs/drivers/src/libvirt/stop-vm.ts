/** Verbs `requestVmShutdown`, `ensureVmStopped`, `ensureVmGone`. */
import type { PowerState } from '@durastack/contracts/agent/specs';
import type { LibvirtHost } from './libvirt-host.js';
import type { Domain } from './rpc/client.js';
import { LIBVIRT_ERROR } from './rpc/protocol.js';
import { isLibvirtError } from './rpc/remote-error.js';
import { removeVmDir, vmFiles } from './vm-files.js';

/** Presses the power button of a running machine. @returns the power seen now; the guest may take its time */
export async function requestVmShutdown(host: LibvirtHost, vmId: string): Promise<PowerState> {
  const domain = await host.domains.find(vmId);
  if (domain && (await host.domains.power(domain)) === 'running') {
    await unlessNotRunning(host.client.shutdownDomain(domain));
  }
  return host.domains.power(domain);
}

/** No process of the machine runs; its definition is kept. */
export async function ensureVmStopped(host: LibvirtHost, vmId: string): Promise<PowerState> {
  const domain = await host.domains.find(vmId);
  if (domain) await powerOff(host, domain);
  return host.domains.power(domain);
}

/** Process, definition, files, taps and port rules of the machine are gone. */
export async function ensureVmGone(host: LibvirtHost, vmId: string): Promise<void> {
  const domain = await host.domains.find(vmId);
  if (domain) {
    await powerOff(host, domain);
    await host.client.undefineDomain(domain).catch((error: unknown) => {
      // A transient domain vanished with its process.
      if (!isLibvirtError(error, LIBVIRT_ERROR.noDomain)) throw error;
    });
  }
  await host.networks.unbind(vmId);
  await removeVmDir(vmFiles(host.stateDir, vmId));
}

async function powerOff(host: LibvirtHost, domain: Domain): Promise<void> {
  const power = await host.domains.power(domain);
  if (power === 'off' || power === 'absent') return;
  await unlessNotRunning(host.client.destroyDomain(domain));
}

/** The guest may have stopped by itself since it was looked at. */
async function unlessNotRunning(call: Promise<void>): Promise<void> {
  await call.catch((error: unknown) => {
    const isPast =
      isLibvirtError(error, LIBVIRT_ERROR.operationInvalid) || isLibvirtError(error, LIBVIRT_ERROR.noDomain);
    if (!isPast) throw error;
  });
}

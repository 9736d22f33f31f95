/** Verb `ensureVmNics`. */
import type { NicSpec, PowerState } from '@durastack/contracts/agent/specs';
import { deviceXml } from './disk-xml.js';
import type { LibvirtHost } from './libvirt-host.js';
import { isUnderWay, liveDomain } from './live-domain.js';
import { nicXml } from './nic-xml.js';
import { readPresent } from './present-domain.js';

/**
 * The running machine has exactly these interfaces. Its port rules are those of what it had until the guest has let go:
 * on a Linux bridge a tap without rules would speak freely. Those of a new one are in force before it is plugged in.
 *
 * @returns whether it has; a guest lets go of an interface later, or never
 * @throws DurastackError `STEP_REFUSED` when libvirt refuses, e.g. since no PCI port is left
 */
export async function ensureVmNics(
  host: LibvirtHost,
  vmId: string,
  nics: readonly NicSpec[],
): Promise<{ power: PowerState; settled: boolean }> {
  const { domain, power } = await liveDomain(host, vmId);
  if (!domain) return { power, settled: true };
  const wanted = new Set(nics.map(({ mac }) => mac));
  const present = await readPresent(host.client, domain);
  for (const [mac, bridge] of present.nics) {
    if (wanted.has(mac)) continue;
    const device = deviceXml({
      interface: { '@type': 'bridge', mac: { '@address': mac }, source: { '@bridge': bridge } },
    });
    await host.client.detachDevice(domain, device).catch((error: unknown) => {
      if (!isUnderWay(error)) throw error;
    });
  }
  const after = await liveDomain(host, vmId);
  if (!after.domain) return { power: after.power, settled: true };
  const { nics: macs } = await readPresent(host.client, domain);
  if ([...macs.keys()].some((mac) => !wanted.has(mac))) return { power, settled: false };
  const missing = nics.filter(({ mac }) => !macs.has(mac));
  for (const { network } of missing) await host.networks.ensure(network);
  await host.networks.bind(vmId, nics);
  const without = await host.networks.tapsWithoutOffloads(missing);
  for (const nic of missing)
    await host.client.attachDevice(domain, deviceXml({ interface: nicXml(nic, without.has(nic.tap)) }));
  if (missing.length > 0) {
    await host.networks.plugged(vmId);
    await host.networks.announce(vmId);
  }
  return { power, settled: true };
}

/** By which of its addresses this host reaches a Ceph cluster: the one that its clients are known by there. */
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { RbdPoolSpec } from '@durastack/contracts/agent/specs';
import type { HostShell } from '../process/host-shell.js';
import { z } from 'zod';

const ROUTE_MS = 3_000;
const routes = z.array(z.object({ prefsrc: z.string().optional() })).min(1);

/** The source addresses of the kernel's routes to every monitor, sorted. One that has no route gives none. */
export async function sourceAddresses({ monitors }: RbdPoolSpec, shell: HostShell): Promise<string[]> {
  const hosts = monitors.map((monitor) => monitor.slice(0, monitor.lastIndexOf(':')).replace(/^\[|\]$/g, ''));
  const found = await Promise.all([...new Set(hosts)].map((host) => sourcesTo(host, shell)));
  return [...new Set(found.flat())].sort();
}

async function sourcesTo(host: string, shell: HostShell): Promise<string[]> {
  try {
    const targets = isIP(host) > 0 ? [host] : (await lookup(host, { all: true })).map(({ address }) => address);
    const found = targets.map(async (target) => {
      const text = await shell.run('ip', ['-json', 'route', 'get', target], { timeoutMs: ROUTE_MS });
      return routes.parse(JSON.parse(text)).flatMap(({ prefsrc }) => prefsrc ?? []);
    });
    return (await Promise.all(found)).flat();
  } catch {
    // No route or no name: no client of this host gets there by it.
    return [];
  }
}

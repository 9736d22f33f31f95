/** What a host must remember of its networks and ports across restarts of the agent and of the host. */
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { networkSpec, type NetworkSpec } from '@durastack/contracts/agent/specs';
import { DurastackError } from '@durastack/contracts/errors';
import { z } from 'zod';
import { port, type Port } from './port.js';

/** Files `<dir>/networks/<id>.json` (the network) and `<dir>/vms/<id>/ports.json` (a machine's ports). */
export class NetworkFiles {
  readonly #networks: string;
  readonly #vms: string;

  constructor(stateDir: string) {
    this.#networks = join(stateDir, 'networks');
    this.#vms = join(stateDir, 'vms');
  }

  /** Every remembered network. */
  async networks(): Promise<NetworkSpec[]> {
    const names = (await list(this.#networks)).filter((name) => name.endsWith('.json'));
    return Promise.all(names.map((name) => read(join(this.#networks, name), networkSpec)));
  }

  /** Every machine's remembered ports. */
  async ports(): Promise<Port[]> {
    const found: Port[] = [];
    for (const vmId of await list(this.#vms)) {
      const names = await list(join(this.#vms, vmId));
      if (names.includes('ports.json')) found.push(...(await read(join(this.#vms, vmId, 'ports.json'), z.array(port))));
    }
    return found;
  }

  /** Remembers a network. */
  saveNetwork(network: NetworkSpec): Promise<void> {
    return write(join(this.#networks, `${network.id}.json`), network);
  }

  /** Forgets a network. */
  removeNetwork(id: string): Promise<void> {
    return rm(join(this.#networks, `${id}.json`), { force: true });
  }

  /** Remembers a machine's ports. */
  savePorts(vmId: string, ports: readonly Port[]): Promise<void> {
    return write(join(this.#vms, vmId, 'ports.json'), ports);
  }

  /** Forgets a machine's ports. */
  removePorts(vmId: string): Promise<void> {
    return rm(join(this.#vms, vmId, 'ports.json'), { force: true });
  }
}

async function list(dir: string): Promise<string[]> {
  return readdir(dir).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return [];
    throw error;
  });
}

async function read<T>(path: string, schema: z.ZodType<T>): Promise<T> {
  try {
    return schema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (cause) {
    throw new DurastackError('ENVIRONMENT', `${path} is damaged; remove it, the control plane writes it again`, {
      cause,
    });
  }
}

async function write(path: string, value: unknown): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o711 });
  const partial = `${path}.part`;
  await writeFile(partial, JSON.stringify(value), { mode: 0o600, flush: true });
  await rename(partial, path);
}

/**
 * Verbs `receiveVolume`, `sendVolume` and `endVolumeTransfer`: qemu-img at the source writes to, and compares with, what
 * qemu-nbd serves at the destination. Both speak over unix sockets with their agents, and these with each other.
 */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { VolumeSpec } from '@durastack/contracts/agent/specs';
import type { VerbParams } from '@durastack/contracts/agent/verbs';
import { DurastackError, invariant } from '@durastack/contracts/errors';
import type { DriverVerbs, VerbContext } from '../../driver.js';
import type { ToolImage } from '../../pool-driver.js';
import { copyImage, sameContent } from '../../volume-copy/copy-image.js';
import { sendWhole } from '../../volume-copy/send-whole.js';
import { receiveWhole, type ArrivalPlace } from '../../volume-copy/volume-receiver.js';
import type { LibvirtHost } from '../libvirt-host.js';
import { listenForDisks } from '../migration/sockets.js';
import { NbdServers } from './nbd-servers.js';

type Host = Pick<LibvirtHost, 'pools' | 'stateDir'>;

/** All of them. The guard has ended what this host was doing before it calls `endVolumeTransfer`. */
export function volumeTransferVerbs(
  host: Host,
): Pick<DriverVerbs, 'receiveVolume' | 'sendVolume' | 'endVolumeTransfer'> {
  return {
    receiveVolume: async ({ volume }, context) => {
      await receiveWhole(volume.id, arrivalPlace(host, volume, context.signal), context);
      return {};
    },
    sendVolume: async (params, context) => {
      await sendVolume(host, params, context);
      return {};
    },
    endVolumeTransfer: async () => ({}),
  };
}

function arrivalPlace(
  { pools, stateDir }: Host,
  { id, pool, sizeBytes }: VolumeSpec,
  signal: AbortSignal,
): ArrivalPlace {
  const driver = pools.of(pool);
  let servers: NbdServers | undefined;
  return {
    begin: async () => {
      await driver.ensureVolumeGone(id, pool);
      await driver.ensureVolume({ id, pool, sizeBytes }, signal);
      const socketPath = await socketFor(stateDir, `${id}.in`);
      servers = new NbdServers({
        image: await driver.forTools({ id, pool, sizeBytes }),
        socketPath,
        shell: pools.shell,
      });
    },
    openStream: async () => {
      invariant(servers, `Volume ${id} was to be served before it was made.`);
      return servers.connect();
    },
    complete: async () => servers?.close(),
    discard: async () => {
      await servers?.kill();
      await driver.ensureVolumeGone(id, pool);
    },
  };
}

async function sendVolume(host: Host, params: VerbParams<'sendVolume'>, context: VerbContext): Promise<void> {
  const { volume, bytesPerSecond, destination } = params;
  const { pools, stateDir } = host;
  const from = await pools.forTools(volume);
  await sendWhole(params, context, async (open) => {
    const path = await socketFor(stateDir, `${volume.id}.out`);
    const socket = await listenForDisks(path, { uid: process.getuid!(), gid: process.getgid!() }, open);
    try {
      const copy = { from, to: atSocket(path, from), bytesPerSecond, shell: pools.shell };
      await copyImage(copy, context);
      if (await sameContent(copy, context)) return;
      const text = `The copy of volume ${volume.id} on host ${destination.hostId} differs from its source`;
      throw new DurastackError('STEP_REFUSED', `${text}: something writes to one of them, or a disk is failing`);
    } finally {
      await socket.close();
    }
  });
}

/** What another host serves, as qemu-img reaches it here. */
function atSocket(path: string, { sizeBytes }: ToolImage): ToolImage {
  return { name: `nbd+unix:///?socket=${encodeURIComponent(path)}`, format: 'raw', sizeBytes, shared: false };
}

/** A socket's path in a directory that nobody else may enter; shorter than those of machines. */
async function socketFor(stateDir: string, name: string): Promise<string> {
  const directory = join(stateDir, 'disks');
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, name);
  await rm(path, { force: true });
  return path;
}

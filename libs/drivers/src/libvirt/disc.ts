/** Verb `ensureVmDisc`, and the disc that a machine is started with. */
import type { DiscSpec, PowerState } from '@durastack/contracts/agent/specs';
import type { VerbParams } from '@durastack/contracts/agent/verbs';
import { DurastackError } from '@durastack/contracts/errors';
import { plainFileExists } from '../files/plain-files.js';
import { requireReachable, type HostUser } from '../files/reachable.js';
import { imagePath } from '../image/image-files.js';
import { cdDriveXml, deviceXml } from './disk-xml.js';
import type { LibvirtHost } from './libvirt-host.js';
import { isUnderWay, liveDomain } from './live-domain.js';
import { readPresent } from './present-domain.js';
import { qemuUserOf } from './qemu-user.js';
import type { Domain } from './rpc/client.js';

/**
 * The drive of the running machine holds the disc, or none; of a machine that does not run only the power is told.
 *
 * @throws DurastackError `NOT_ALLOWED_IN_STATE` when the guest does not let go of what is in the drive, or there is no
 *   drive; `STEP_REFUSED` when the disc cannot be read here
 */
export async function ensureVmDisc(
  host: LibvirtHost,
  { vmId, disc, forced }: VerbParams<'ensureVmDisc'>,
): Promise<PowerState> {
  const { domain, power } = await liveDomain(host, vmId);
  if (!domain) return power;
  const { cdDrive } = await readPresent(host.client, domain);
  const file = disc && (await openDisc(disc, qemuUserOf(await host.client.capabilities())));
  if (cdDrive === undefined) {
    if (file === undefined) return power;
    const text = `The virtual machine ${vmId} was started without a CD drive`;
    throw new DurastackError('NOT_ALLOWED_IN_STATE', `${text}: stop and start it once, then try again.`);
  }
  if (cdDrive.file === file && !(cdDrive.isOpen && file !== undefined)) return power;
  // libvirt closes no drive for what is in it already.
  if (cdDrive.file === file) await change(host, { domain, file: undefined, forced });
  await change(host, { domain, file, forced });
  return power;
}

/** Where the disc is, after making sure that QEMU can read it. STEP_REFUSED when it is not there. */
export async function openDisc({ isoId, store }: DiscSpec, qemu: HostUser): Promise<string> {
  const file = imagePath(store.path, isoId);
  if (!(await plainFileExists(file))) {
    const text = `The ISO ${isoId} is not in the image store ${store.path} of this host`;
    throw new DurastackError('STEP_REFUSED', `${text}; mount the store there, or register the ISO again`);
  }
  await requireReachable(store.path, qemu, 'let it pass, or keep the image store elsewhere');
  return file;
}

interface Change {
  readonly domain: Domain;
  readonly file: string | undefined;
  readonly forced: boolean;
}

async function change(host: LibvirtHost, { domain, file, forced }: Change): Promise<void> {
  const before = (await readPresent(host.client, domain)).cdDrive?.file;
  try {
    await host.client.updateDevice(domain, deviceXml({ disk: cdDriveXml(file) }), forced);
  } catch (error) {
    const isKept = !forced && before !== undefined && isUnderWay(error);
    if (!isKept || (await readPresent(host.client, domain)).cdDrive?.file !== before) throw error;
    const text = 'The guest uses what is in its CD drive and does not let go of it';
    throw new DurastackError('NOT_ALLOWED_IN_STATE', `${text}: eject it there, or say forced=true.`, { cause: error });
  }
}

/** How large an estate of rows is. */
import { DurastackError } from '@durastack/contracts/errors';

/** How many of each kind there are to be. */
export interface EstateSize {
  readonly domains: number;
  /** Each with a user. */
  readonly accounts: number;
  readonly networks: number;
  readonly vms: number;
  /** The first is the root disk of each machine. */
  readonly volumes: number;
  readonly publicips: number;
  readonly hosts: number;
}

/** The estate that lists are measured on. */
export const YARDSTICK_ESTATE: EstateSize = {
  domains: 5_000,
  accounts: 25_000,
  networks: 25_000,
  vms: 25_000,
  volumes: 50_000,
  publicips: 25_000,
  hosts: 25_000,
};

const NOTHING: EstateSize = { domains: 0, accounts: 0, networks: 0, vms: 0, volumes: 0, publicips: 0, hosts: 0 };
const MOST = 1_000_000;
/** Machines that share a network of 254 addresses. */
const VMS_PER_NETWORK = 200;
/** The block of addresses that carriers share (RFC 6598) has so many. */
const MOST_PUBLIC_IPS = 4_000_000;

/**
 * Reads `vms=25000,accounts=1000` or `yardstick`. What is not named is none, but for what the rest needs: a root disk
 * for each machine.
 *
 * @throws DurastackError INVALID_INPUT for another word, or numbers that do not fit together
 */
export function parseEstateSize(text: string): EstateSize {
  if (text === 'yardstick') return YARDSTICK_ESTATE;
  const size: Record<string, number> = { ...NOTHING };
  for (const word of text.split(',')) {
    const [, kind = '', digits] = /^(\w+)=(\d{1,7})$/.exec(word.trim()) ?? [];
    if (!(kind in NOTHING) || Number(digits) > MOST)
      throw refused(
        `"${word}" is none of ${Object.keys(NOTHING)
          .map((name) => `${name}=N`)
          .join(', ')} with N up to ${MOST}; or say "yardstick"`,
      );
    size[kind] = Number(digits);
  }
  const asked = size as unknown as EstateSize;
  return fitting({ ...asked, volumes: Math.max(asked.volumes, asked.vms) });
}

function fitting(size: EstateSize): EstateSize {
  const { accounts, networks, vms, volumes, publicips } = size;
  const isOwned = networks + vms + volumes + publicips > 0;
  if (isOwned && accounts < 2) throw refused('machines, volumes, networks and addresses need accounts=2 or more');
  if (volumes > 0 && vms === 0) throw refused('volumes need machines (vms)');
  if (vms > networks * VMS_PER_NETWORK)
    throw refused(`a network takes ${VMS_PER_NETWORK} machines: give more networks`);
  if (publicips > MOST_PUBLIC_IPS) throw refused(`there are ${MOST_PUBLIC_IPS} public addresses at most`);
  return size;
}

function refused(why: string): DurastackError {
  return new DurastackError('INVALID_INPUT', `The estate cannot be made: ${why}.`);
}

import { absolutePath, cephMonitor, cephName } from '@durastack/contracts/agent/specs';
import { DurastackError } from '@durastack/contracts/errors';
import { invalid, shorten } from '../face/text-faults.js';

/** A user of a Ceph cluster with its key. */
export interface CephUser {
  readonly user: string;
  readonly secret: string;
}

/** What createStoragePool's `url` and `details` name. */
export type PoolTarget =
  | { readonly kind: 'directory' | 'shared-mount-point'; readonly path: string }
  | {
      readonly kind: 'rbd';
      /** `host:port` each. */
      readonly monitors: readonly string[];
      readonly pool: string;
      readonly hosts: CephUser;
      /** The user that may blocklist, when there is one. */
      readonly fencing?: CephUser;
    };

/** The monitors' port when none is given, as clients have always taken it. */
const MONITOR_PORT = 6789;
const FORMS = 'give file:///directory, SharedMountPoint:///directory, or rbd://user:secret@monitor[:port]/pool';

/**
 * Reads `url`, and of an RBD pool `details` (`monitors`, `user`, `secret`, `fencinguser`, `fencingsecret`).
 *
 * @throws DurastackError `INVALID_INPUT` naming the field; never with a secret
 */
export function parsePoolUrl(url: string, details: Readonly<Record<string, string>> = {}): PoolTarget {
  if (/^rbd:/i.test(url)) return parseRbd(url, details);
  const match = /^(file|sharedmountpoint):\/\/(?:localhost)?(\/.*)$/i.exec(url);
  const path = match?.[2]?.replace(/\/+$/, '') ?? '';
  // The very rule of agents; see absolutePath in the contracts.
  if (!match || !absolutePath.safeParse(path).success)
    throw invalid('url', `The url ${url.includes('@') ? '' : `${shorten(url)} `}is no pool; ${FORMS}.`);
  return { kind: match[1]?.toLowerCase() === 'file' ? 'directory' : 'shared-mount-point', path };
}

function parseRbd(url: string, details: Readonly<Record<string, string>>): PoolTarget {
  const match = /^rbd:\/\/(?:([^:@/]*)(?::([^@]*))?@)?([^/@]*)\/+([^/]+)\/?$/i.exec(url);
  // The url may hold a secret: it is never shown.
  if (!match) throw invalid('url', `The url is no RBD pool; ${FORMS}.`);
  const [, urlUser, urlSecret, urlMonitors = '', pool = ''] = match;
  const named = detail(details, 'monitors') ?? '';
  const monitors = [
    ...new Set(
      [urlMonitors, named]
        .join(',')
        .split(',')
        .map(monitorOf)
        .filter((one) => one !== ''),
    ),
  ];
  if (monitors.length === 0 || monitors.length > 16)
    throw invalid(
      'url',
      'An RBD pool has between 1 and 16 monitors: rbd://user:secret@monitor[:port]/pool, others in details monitors.',
    );
  for (const monitor of monitors)
    if (!cephMonitor.safeParse(monitor).success)
      throw invalid('url', `The monitor ${shorten(monitor)} is no host or host:port.`);
  if (!cephName.safeParse(pool).success) throw invalid('url', `The Ceph pool ${shorten(pool)} has no possible name.`);
  const user = detail(details, 'user') ?? decoded(urlUser);
  const secret = detail(details, 'secret') ?? decoded(urlSecret);
  if (!user || !secret)
    throw invalid(
      'url',
      'An RBD pool needs a cephx user and its secret: rbd://user:secret@monitor/pool, or details user and secret.',
    );
  const fencing = fencingUser(details);
  return { kind: 'rbd', monitors, pool, hosts: cephUser(user, secret, 'url'), ...(fencing ? { fencing } : {}) };
}

function fencingUser(details: Readonly<Record<string, string>>): CephUser | undefined {
  const [user, secret] = [detail(details, 'fencinguser'), detail(details, 'fencingsecret')];
  if (user === undefined && secret === undefined) return undefined;
  if (!user || !secret) throw invalid('details', 'Give both fencinguser and fencingsecret, or neither.');
  return cephUser(user, secret, 'details');
}

function cephUser(given: string, encoded: string, field: string): CephUser {
  const user = given.replace(/^client\./, '');
  if (!cephName.safeParse(user).success) throw invalid(field, `The cephx user ${shorten(user)} has no possible name.`);
  // Clients write it so that it can stand in a url, too.
  const secret = encoded.replaceAll('-', '+').replaceAll('_', '/');
  if (!/^[A-Za-z0-9+/]{38}==$/.test(secret))
    throw invalid(
      field,
      `The secret of the cephx user ${user} is no cephx key: 40 characters of base64, see "ceph auth get-key client.${user}".`,
    );
  return { user, secret };
}

function monitorOf(text: string): string {
  const host = decoded(text.trim()) ?? '';
  if (host === '') return '';
  const hasPort = /^(\[[^\]]*\]|[^:]*):\d+$/.test(host);
  return hasPort ? host : `${host.includes(':') && !host.startsWith('[') ? `[${host}]` : host}:${MONITOR_PORT}`;
}

/** Clients vary in the case of names. */
function detail(details: Readonly<Record<string, string>>, name: string): string | undefined {
  return Object.entries(details).find(([key]) => key.toLowerCase() === name)?.[1];
}

function decoded(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  try {
    return decodeURIComponent(text);
  } catch {
    throw new DurastackError('INVALID_INPUT', 'The url has a % that encodes nothing.');
  }
}

import type { ParamsOf } from '@durastack/contracts/command';
import { AGENT_PORT } from '@durastack/contracts/agent/wire';
import { DurastackError } from '@durastack/contracts/errors';
import type { addHost } from '@durastack/contracts/infra/add-host';

/** SHA-256 in base64, as OpenSSH writes it. */
const SSH_FINGERPRINT = /^(SHA256:)?[A-Za-z0-9+/]{43}=?$/;

/** How a host is reached and enrolled. */
export interface HostTarget {
  /** One per host: repeated calls meet. */
  readonly naturalKey: string;
  readonly name: string;
  readonly address: string;
  readonly agentUrl: string;
  /** Sealed into the host's row. */
  readonly secrets: Readonly<Record<string, unknown>>;
}

/**
 * Reads `addHost`'s URL and credentials.
 *
 * @throws DurastackError INVALID_INPUT saying which is missing
 */
export function parseHostUrl(params: ParamsOf<typeof addHost>): HostTarget {
  let url: URL;
  try {
    // WHATWG URLs know host and port of special schemes only.
    url = new URL(params.url.replace(/^(ssh|agent):/i, 'http:'));
  } catch (cause) {
    throw new DurastackError(
      'INVALID_INPUT',
      `${params.url} is no URL of a host; give ssh://address, http://address or agent://address:port.`,
      { cause },
    );
  }
  const scheme = params.url.slice(0, params.url.indexOf(':')).toLowerCase();
  const address = url.hostname.replace(/^\[|\]$/g, '');
  const complete = { ...params, fingerprint: params.fingerprint ?? fingerprintIn(url) };
  if (scheme === 'agent') return agentTarget(complete, url, address);
  if (scheme === 'ssh' || scheme === 'http') return sshTarget(complete, url, address);
  throw new DurastackError('INVALID_INPUT', `${params.url} begins with none of ssh://, http:// and agent://.`);
}

/** Clients of CloudStack have no parameter for it; a plus in it is no space. */
function fingerprintIn(url: URL): string | undefined {
  return new URLSearchParams(url.search.replaceAll('+', '%2B')).get('fingerprint') ?? undefined;
}

function agentTarget({ password, fingerprint }: ParamsOf<typeof addHost>, url: URL, address: string): HostTarget {
  if (!password || !fingerprint) {
    throw new DurastackError(
      'INVALID_INPUT',
      'A waiting agent is enrolled with its token (password) and the fingerprint of its certificate (fingerprint); both stand in its folder.',
    );
  }
  // One agent may simulate many hosts; what stands behind its address tells them apart.
  const name = url.pathname.slice(1);
  return {
    naturalKey: `agent://${url.host}${name === '' ? '' : `/${name}`}`,
    name: (name === '' ? url.host : name).replaceAll(/[^A-Za-z0-9.-]/g, '-'),
    address,
    agentUrl: `https://${url.host}`,
    secrets: { kind: 'agent', token: password, fingerprint },
  };
}

function sshTarget(params: ParamsOf<typeof addHost>, url: URL, address: string): HostTarget {
  const { username, password, sshPrivateKey, fingerprint } = params;
  if (!password && !sshPrivateKey)
    throw new DurastackError('INVALID_INPUT', 'Give the password or the sshprivatekey of the SSH user.');
  if (!fingerprint) {
    throw new DurastackError(
      'INVALID_INPUT',
      `Give the fingerprint of the host's SSH key, as \`ssh-keyscan ${address} | ssh-keygen -lf -\` prints it (SHA256:…), after you compared it on the host itself.`,
    );
  }
  if (!SSH_FINGERPRINT.test(fingerprint.trim())) {
    throw new DurastackError(
      'INVALID_INPUT',
      `'${fingerprint}' is no fingerprint of an SSH key; give SHA256:… as \`ssh-keygen -lf\` prints it.`,
    );
  }
  const port = params.url.toLowerCase().startsWith('ssh:') && url.port ? Number(url.port) : 22;
  return {
    naturalKey: `ssh://${address}:${port}`,
    name: address,
    address,
    agentUrl: `https://${address.includes(':') ? `[${address}]` : address}:${AGENT_PORT}`,
    secrets: {
      kind: 'ssh',
      address,
      port,
      username: username ?? 'root',
      fingerprint,
      ...(sshPrivateKey ? { privateKey: sshPrivateKey } : { password }),
    },
  };
}

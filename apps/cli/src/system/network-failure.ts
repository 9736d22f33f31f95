/** Turns what package clients and sockets say about a failed download into one sentence that says what to do. */

const DISK_FULL = 'the disk is full; free some space and run it again';

const CAUSES: readonly (readonly [RegExp, string])[] = [
  [
    /certificate|CERT_|SELF_SIGNED|UNABLE_TO_GET_ISSUER|UNABLE_TO_VERIFY/i,
    'the TLS certificate of the server is not trusted here; behind a company proxy with its own certificate authority, ' +
      'install that certificate (update-ca-certificates) and set NODE_EXTRA_CA_CERTS and PIP_CERT to its file',
  ],
  [
    /no space left|ENOSPC|error(?: number|no:?)? 28\b|not enough free disk space|You don't have enough free space/i,
    DISK_FULL,
  ],
  [
    /ENOTFOUND|EAI_AGAIN|Temporary failure (in name )?resol|Could not resolve|Name or service not known|getaddrinfo/i,
    'names cannot be resolved, so there is no network (or a proxy is needed: set https_proxy)',
  ],
  [
    /ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|timed? ?out|Could not connect|Network is unreachable|Failed to fetch/i,
    'the server cannot be reached; check the network (or set https_proxy)',
  ],
  [/Could not get lock|Unable to acquire the dpkg/i, 'another package manager has held the lock for 10 minutes'],
];

/**
 * Explains a failed download.
 *
 * @param said what the client wrote, or an error with its causes
 * @returns one sentence without a full stop, or undefined when it is none of the known causes
 */
export function explainNetworkFailure(said: unknown): string | undefined {
  const text = textOf(said);
  return CAUSES.find(([pattern]) => pattern.test(text))?.[1];
}

/** The sentence about a full disk when that is what a program complains about; undefined otherwise. */
export function explainFullDisk(said: string): string | undefined {
  const cause = explainNetworkFailure(said);
  return cause === DISK_FULL ? cause : undefined;
}

/** All messages and codes along the chain of causes. */
function textOf(said: unknown): string {
  if (!(said instanceof Error)) return String(said);
  const code = 'code' in said ? String(said.code) : '';
  const inner = said instanceof AggregateError ? said.errors.map(textOf).join(' ') : '';
  return `${said.message} ${code} ${inner} ${said.cause === undefined ? '' : textOf(said.cause)}`;
}

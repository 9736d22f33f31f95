/** Connects to a host over SSH: its key is compared before anything of ours is said. */
import { DurastackError } from '@durastack/contracts/errors';
import { NodeSSH, type Config } from 'node-ssh';
import type { EnrolmentSecrets } from '../enrolment-secrets.js';
import { HOST_KEY_KINDS, hostKeyFingerprint, normalFingerprint, sameFingerprint } from './host-key.js';

const CONNECT_TIMEOUT_MS = 12_000;
const KEEPALIVE_MS = 5_000;

/** Where the host is and how to log in there. */
export type SshTarget = Extract<EnrolmentSecrets, { kind: 'ssh' }>;

/** What a handshake with one kind of key found. */
type Attempt = { readonly ssh: NodeSSH } | { readonly seen: string | undefined; readonly cause: unknown };

/**
 * Opens a connection.
 *
 * @throws DurastackError FORBIDDEN when the host shows another key (nothing secret was sent), INVALID_INPUT when it does
 *   not take the user's key or password, HOST_UNREACHABLE (retryable) when it does not answer, STEP_REFUSED when it
 *   speaks no SSH that we do
 */
export async function connectSsh(target: SshTarget): Promise<NodeSSH> {
  const expected = normalFingerprint(target.fingerprint);
  const shown: string[] = [];
  let cause: unknown;
  for (const kind of HOST_KEY_KINDS) {
    const attempt = await handshake(target, kind, expected);
    if ('ssh' in attempt) return attempt.ssh;
    if (attempt.seen !== undefined) shown.push(attempt.seen);
    cause = attempt.cause;
  }
  if (shown.length === 0) {
    throw new DurastackError(
      'STEP_REFUSED',
      `The SSH server at ${place(target)} has no algorithms in common with us.`,
      {
        cause,
      },
    );
  }
  throw new DurastackError(
    'FORBIDDEN',
    `The SSH key of ${place(target)} is ${shown.join(' or ')}, expected ${expected}. Nothing was sent to it. It is another machine or was installed anew: compare with \`ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub\` on the host itself, then repeat addHost with that fingerprint.`,
    { details: { expected, shown: shown.join(',') } },
  );
}

async function handshake(target: SshTarget, kind: readonly string[], expected: string): Promise<Attempt> {
  const ssh = new NodeSSH();
  let seen: string | undefined;
  const verify = (key: Buffer): boolean => {
    seen = hostKeyFingerprint(key);
    return sameFingerprint(seen, expected);
  };
  try {
    await ssh.connect(settings(target, kind, verify));
    // Without a listener of its own an error of the connection would end the process.
    ssh.connection?.on('error', () => undefined);
    return { ssh };
  } catch (cause) {
    ssh.dispose();
    if (levelOf(cause) === 'handshake') return { seen, cause };
    throw connectFailure(target, cause);
  }
}

function settings(target: SshTarget, kind: readonly string[], verify: (key: Buffer) => boolean): Config {
  const { address, port, username, password, privateKey } = target;
  return {
    host: address,
    port,
    username,
    readyTimeout: CONNECT_TIMEOUT_MS,
    keepaliveInterval: KEEPALIVE_MS,
    keepaliveCountMax: 4,
    hostVerifier: verify,
    algorithms: { serverHostKey: [...kind] },
    ...(privateKey === undefined ? passwordLogin(password ?? '') : { privateKey }),
  };
}

/** What a server asks: name, instructions, language, prompts, and how to answer. */
type KeyboardQuestion = [string, string, string, readonly { readonly echo?: boolean }[], (answers: string[]) => void];

/** Many servers take passwords by keyboard-interactive alone. */
function passwordLogin(password: string): Partial<Config> {
  return {
    password,
    tryKeyboard: true,
    // Anything but one hidden question (a one-time code, say) is not ours to answer.
    onKeyboardInteractive: (...[, , , prompts, finish]: KeyboardQuestion) =>
      finish(prompts.length === 1 && prompts[0]?.echo !== true ? [password] : []),
  };
}

function connectFailure(target: SshTarget, cause: unknown): DurastackError {
  const level = levelOf(cause);
  const method = target.privateKey === undefined ? 'password' : 'key';
  if (level === 'client-authentication') {
    // No NOT_AUTHENTICATED: to a caller of the API that says that his own session has ended.
    return new DurastackError(
      'INVALID_INPUT',
      `${place(target)} refuses the ${method} of the SSH user ${target.username}. Check both, and that its sshd allows ${target.username} to log in by ${method}.`,
      { cause, details: { reason: 'ssh-authentication', method } },
    );
  }
  const code = cause instanceof Error && 'code' in cause && cause.code !== null ? String(cause.code) : undefined;
  if (level === undefined && code === undefined && target.privateKey !== undefined) {
    return new DurastackError(
      'INVALID_INPUT',
      'The SSH private key cannot be read; give an unencrypted key in OpenSSH or PEM format.',
      { cause, details: { reason: 'ssh-private-key' } },
    );
  }
  const reason = code ?? level ?? 'UNKNOWN';
  return new DurastackError(
    'HOST_UNREACHABLE',
    `${place(target)} does not answer by SSH (${reason}). Check the address, the port and that sshd runs.`,
    { cause, details: { reason } },
  );
}

/** Where ssh2 says that a connection failed; undefined when it never began or was lost. */
function levelOf(error: unknown): string | undefined {
  return error instanceof Error && 'level' in error ? String(error.level) : undefined;
}

/** The host as messages name it. */
export function place({ address, port }: SshTarget): string {
  return `${address.includes(':') ? `[${address}]` : address}:${port}`;
}

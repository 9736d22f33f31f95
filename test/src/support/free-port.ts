import { findPort } from '@durastack/cli/instance/ports';

/**
 * A port of loopback that nobody else takes while this spec runs: neither another spec, before its part listens, nor the
 * kernel for an outgoing connection, also while the part is stopped.
 */
export async function freePort(): Promise<number> {
  return (await findPort({ name: 'worker', address: '127.0.0.1' })).port;
}

import { newId } from '@durastack/kit/ids/new-id';
import { insertRow, orConflict } from '@durastack/store/database/rows';
import { transaction } from '@durastack/store/database/transaction';
import { ownerOf } from '@durastack/store/identity/access';
import type { Call } from '../face/call.js';
import type { Platform } from '../platform.js';
import type { PublicKey } from './public-key.js';

/** What names a key pair and its owner. */
interface Named {
  readonly name: string;
  readonly account?: string | undefined;
  readonly domainId?: string | undefined;
}

/**
 * Keeps a public key under a name that is unique in its account.
 *
 * @returns its id
 * @throws DurastackError CONFLICT when the account has a key pair of this name
 */
export async function storeKeyPair(platform: Platform, call: Call, named: Named, key: PublicKey): Promise<string> {
  const id = newId();
  const stored = transaction(platform.database, async (tx) => {
    const owner = await ownerOf(tx, call.caller, named);
    await insertRow(tx, 'ssh_key_pair', {
      id,
      account_id: owner.accountId,
      domain_id: owner.domainId,
      name: named.name,
      fingerprint: key.fingerprint,
      public_key: key.line,
      created_at: new Date(),
    });
  });
  await orConflict(stored, `A key pair with name '${named.name}' already exists.`);
  return id;
}

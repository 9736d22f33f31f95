import type { SecretBox } from '@durastack/kit/secrets/secret-box';
import { createAuthority, type KeyAndCertificate } from '@durastack/kit/tls/certificate-authority';
import type { DataSource } from 'typeorm';
import { transaction } from '../database/transaction.js';
import { readSetting } from '../operations/settings.js';

const NAME = 'certificate-authority';

/**
 * The control plane's own certificate authority, sealed in the database; made on first use.
 *
 * @throws DurastackError MISCONFIGURED when the data-encryption key is not the one it was sealed with
 */
export async function loadCertificateAuthority(source: DataSource, box: SecretBox): Promise<KeyAndCertificate> {
  const open = (sealed: string) => JSON.parse(box.open(sealed, NAME)) as KeyAndCertificate;
  const known = await transaction(source, (tx) => readSetting(tx, NAME));
  if (known !== undefined) return open(known);
  const sealed = box.seal(JSON.stringify(await createAuthority('durastack')), NAME);
  // Of several programs that start at once the first one's counts for all.
  const kept = await transaction(source, async (tx) => {
    await tx.execute('INSERT INTO setting (name, value) VALUES (?, ?) ON DUPLICATE KEY UPDATE name = VALUES(name)', [
      NAME,
      sealed,
    ]);
    return readSetting(tx, NAME);
  });
  return open(kept ?? sealed);
}

/**
 * `node libs/store/dist/tools/begin-recovery.js`: the step after a backup was restored into the database of
 * DURASTACK_DATABASE_URL. Raises the control epoch; the control plane reads every host before it starts anything.
 */
import { connectDatabase } from '../database/data-source.js';
import { transaction } from '../database/transaction.js';
import { controlEpoch } from '../operations/settings.js';
import { beginRecovery } from '../recovery/recovery-state.js';

const url = process.env['DURASTACK_DATABASE_URL'];
if (!url) {
  process.stderr.write('DURASTACK_DATABASE_URL is not set; expected mysql://user:password@host:port/database.\n');
  process.exit(2);
}
const source = await connectDatabase({ url });
try {
  await beginRecovery(source, { reason: 'a backup was restored', byCommand: true });
  const epoch = await transaction(source, controlEpoch);
  process.stdout.write(
    `Recovery begins under control epoch ${epoch}. Start the control plane; GET /api/v1/recovery says how it stands.\n`,
  );
} finally {
  await source.destroy();
}

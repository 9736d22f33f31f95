/** `node libs/store/dist/migrate-main.js`: migrates the database of DURASTACK_DATABASE_URL. */
import { migrate } from './migrate.js';

const url = process.env['DURASTACK_DATABASE_URL'];
if (!url) {
  process.stderr.write('DURASTACK_DATABASE_URL is not set; expected mysql://user:password@host:port/database.\n');
  process.exit(2);
}
const applied = await migrate(url);
process.stdout.write(applied.length ? `Applied: ${applied.join(', ')}\n` : 'The schema is up to date.\n');

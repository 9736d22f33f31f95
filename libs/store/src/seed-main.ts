/** `node libs/store/dist/seed-main.js`: fills the database of DURASTACK_DATABASE_URL with what every one begins with. */
import { seedDatabase } from './seed.js';

const url = process.env['DURASTACK_DATABASE_URL'];
if (!url) {
  process.stderr.write('DURASTACK_DATABASE_URL is not set; expected mysql://user:password@host:port/database.\n');
  process.exit(2);
}
await seedDatabase(url);

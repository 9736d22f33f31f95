/** `dura sim --populate`: thousands of rows beside what runs, for measuring lists. */
import { connectDatabase } from '@durastack/store/database/data-source';
import { autocommit } from '@durastack/store/database/transaction';
import type { EstateSize } from '@durastack/store/estate/estate-size';
import { populate, requireUnpopulated } from '@durastack/store/estate/populate';
import type { InstanceFile } from '../instance/instance-file.js';
import { mariadbUrl } from '../parts/mariadb.js';
import type { Steps } from '../system/steps.js';

/**
 * Writes an estate right into the instance's database.
 *
 * @throws CONFLICT when it has one
 */
export async function makeEstate(file: InstanceFile, steps: Steps, size: EstateSize): Promise<void> {
  const source = await connectDatabase({ url: mariadbUrl(file.home.mariadb), poolSize: 2 });
  try {
    await requireUnpopulated(autocommit(source));
    await steps.run('Rows in bulk', async (note) => {
      let [rows, seconds] = [0, 0];
      await populate(source, {
        size,
        instance: file.state.name,
        onPart: (part) => {
          rows += part.rows;
          seconds += part.seconds;
          const rate = (part.rows / Math.max(part.seconds, 0.001)).toFixed(0);
          steps.line(`        ${part.what}: ${part.rows} rows in ${part.seconds.toFixed(1)} s, ${rate} a second`);
        },
      });
      note(`${rows} rows, ${(rows / Math.max(seconds, 0.001)).toFixed(0)} a second`);
    });
  } finally {
    await source.destroy();
  }
}

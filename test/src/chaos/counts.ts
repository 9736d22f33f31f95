/** Whether what limits are held against is what accounts have. */
import { autocommit } from '@durastack/store/database/transaction';
import { itemsOf } from '../support/basis.js';
import { Calls } from './calls.js';
import type { ChaosWorld } from './world.js';

/** CloudStack's numbers of what is counted, with the rows that there are of it. */
const THERE: Readonly<Record<string, string>> = {
  '0': "SELECT COUNT(*) AS n FROM virtual_machine WHERE account_id = ? AND state <> 'Expunged'",
  '2': "SELECT COUNT(*) AS n FROM volume WHERE account_id = ? AND state <> 'Expunged'",
  '8': "SELECT COALESCE(SUM(cpu_count), 0) AS n FROM virtual_machine WHERE account_id = ? AND state <> 'Expunged'",
  '9': "SELECT COALESCE(SUM(memory_mib), 0) AS n FROM virtual_machine WHERE account_id = ? AND state <> 'Expunged'",
  '10': "SELECT COALESCE(SUM(size_bytes), 0) AS n FROM volume WHERE account_id = ? AND state <> 'Expunged'",
};

/** Counts everything anew, as `updateResourceCount` does. @returns a sentence for each count that is another */
export async function findDrift(
  { apiUrl, adminKeys, source }: Pick<ChaosWorld, 'apiUrl' | 'adminKeys' | 'source'>,
  accountIds: readonly string[],
): Promise<string[]> {
  const { api } = new Calls(apiUrl, adminKeys);
  const found: string[] = [];
  for (const id of accountIds) {
    const [account] = itemsOf(await api.call('listAccounts', { id }));
    const named = { account: String(account?.['name']), domainid: String(account?.['domainid']) };
    const counts = itemsOf(await api.call('updateResourceCount', named));
    for (const [type, query] of Object.entries(THERE)) {
      const counted = counts.find((one) => one['resourcetype'] === type)?.['resourcecount'];
      const [row] = await autocommit(source).query<{ n: number }>(query, [id]);
      if (Number(counted) !== Number(row?.n))
        found.push(`${named.account} has ${row?.n} of resource type ${type}, and ${String(counted)} are counted`);
    }
  }
  return found;
}

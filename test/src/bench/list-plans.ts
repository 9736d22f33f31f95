/** The lists that are measured, and how the database carries them out. */
import type { Tx } from '@durastack/store/database/transaction';
import type { Tenant } from '@durastack/store/estate/tenants';
import type { Caller } from '@durastack/store/identity/caller';
import { serviceOfferings } from '@durastack/store/lists/compute/service-offerings.list';
import { virtualMachines } from '@durastack/store/lists/compute/virtual-machines.list';
import type { ListView } from '@durastack/store/lists/engine/define-list';
import { accounts } from '@durastack/store/lists/identity/accounts.list';
import { domains } from '@durastack/store/lists/identity/domains.list';
import { templates } from '@durastack/store/lists/image/templates.list';
import { hosts } from '@durastack/store/lists/infra/hosts.list';
import { networks } from '@durastack/store/lists/network/networks.list';
import { publicIpAddresses } from '@durastack/store/lists/network/public-ip-addresses.list';
import { diskOfferings } from '@durastack/store/lists/storage/disk-offerings.list';
import { volumes } from '@durastack/store/lists/storage/volumes.list';
import { isFullScan, plansOf } from '@durastack/store/testing/list-plans';
import type { Keys } from './load/run-load.js';

/** A list. */
export interface MeasuredList {
  readonly command: string;
  readonly view: ListView;
  readonly params: Readonly<Record<string, string>>;
  readonly rootOnly?: boolean;
}

const of = (view: ListView, params: Record<string, string> = {}): MeasuredList => ({
  ...{ command: view.command.name, view, params, rootOnly: !view.command.roles.includes('user') },
});

/** Those that are there. */
export const MEASURED_LISTS: readonly MeasuredList[] = [
  ...[of(domains), of(accounts), of(virtualMachines), of(volumes), of(templates, { templatefilter: 'all' })],
  ...[of(networks), of(publicIpAddresses), of(serviceOfferings), of(diskOfferings), of(hosts)],
];

/** Those of the yardstick that are not. */
export const MISSING_LISTS = ['listVPCs', 'listSnapshots', 'listVMSnapshot'] as const;

/** Who asks. */
export interface ListCaller {
  /** For people. */
  readonly who: string;
  readonly role: Caller['role'];
  readonly tenant: Tenant;
  readonly keys: Keys;
}

const PAGE = 500;
/** Statistics are estimates: a walk over a page may be taken for some more. */
const MOST_ROWS = 2 * PAGE;

/** The plan of each statement of a page, a line each, full scans marked. */
export async function describePlans(
  tx: Tx,
  { view, params }: MeasuredList,
  { role, tenant }: ListCaller,
): Promise<{ notes: string[]; statements: number }> {
  const [domain] = await tx.query<{ path: string }>('SELECT path FROM domain WHERE id = ?', [tenant.domainId]);
  const viewer: Caller = {
    ...{ role, ...tenant, domainPath: domain?.path ?? '/', accountName: role, username: role, sourceAddress: '' },
  };
  const asked = {
    listAll: true,
    page: 1,
    pageSize: PAGE,
    ...('templatefilter' in params ? { templateFilter: 'all' } : {}),
  };
  const plans = await plansOf(tx, { view, viewer, params: asked });
  const notes = plans.map(({ steps }, index) => {
    const words = steps.map((step) => {
      const scan = isFullScan(step, MOST_ROWS) ? ' FULL SCAN' : '';
      return `${step.table} ${step.access}${step.key === null ? '' : ` ${step.key}`} ${step.rows}${scan}`;
    });
    return `plan ${index + 1}: ${words.join(', ')}`;
  });
  return { notes, statements: plans.length };
}

/** What the lists of templates and of ISOs have in common: both are rows of `template`. */
import { osTypeOf } from '@durastack/contracts/compute/os-types';
import type { ImageFilter } from '@durastack/contracts/image/list-templates';
import type { Caller } from '../../identity/caller.js';
import { sharedWith } from '../../image/template-permissions.js';
import { JOB_COLUMNS, OWNED, OWNER_COLUMNS, OWNER_JOINS } from '../engine/columns.js';
import { raw, sql, type Sql } from '../engine/sql.js';

/** How their rows are shown. */
export const IMAGE_LIST = {
  resource: 'template',
  table: 'template',
  joins: [...OWNER_JOINS, 'LEFT JOIN zone z ON z.id = b.zone_id'],
  scope: { ...OWNED, shared: (viewer: Caller) => sql`b.is_public OR ${sharedWith(viewer)}` },
  columns: {
    id: 'b.id',
    name: 'b.name',
    displayText: 'b.display_text',
    ...OWNER_COLUMNS,
    accountId: 'b.account_id',
    zoneId: 'b.zone_id',
    zoneName: 'z.name',
    hypervisor: 'b.hypervisor',
    osTypeId: 'b.os_type_id',
    isPublic: 'b.is_public',
    isFeatured: 'b.is_featured',
    isExtractable: 'b.is_extractable',
    isDynamicallyScalable: 'b.is_dynamically_scalable',
    passwordEnabled: 'b.password_enabled',
    bootable: 'b.bootable',
    isReady: "b.state = 'Ready'",
    state: 'b.state',
    percent: 'b.percent',
    size: 'NULLIF(b.virtual_size_bytes, 0)',
    physicalSize: 'NULLIF(b.size_bytes, 0)',
    checksum: 'b.checksum',
    url: 'b.url',
    created: 'b.created_at',
    ...JOB_COLUMNS,
  },
  extra: {
    osTypeRef: 'b.os_type_id',
    fetchedAs: 'b.format',
    stateNow: 'b.state',
    told: 'b.status',
    fetched: 'b.percent',
  },
  map: ({ osTypeRef, fetchedAs, stateNow, told, fetched }: Record<string, unknown>) => {
    const osType = osTypeOf(osTypeRef as string | null);
    return {
      format: String(fetchedAs).toUpperCase(),
      templateType: 'USER',
      crossZones: false,
      directDownload: false,
      deployAsIs: false,
      requiresHvm: true,
      sshKeyEnabled: true,
      bits: 64,
      status:
        stateNow === 'Ready' ? 'Download Complete' : typeof told === 'string' ? told : `${Number(fetched)}% Downloaded`,
      ...(osType ? { osTypeName: osType.name } : {}),
    };
  },
  keyword: ['b.name', 'b.display_text'],
  tagged: 'template',
  detailed: 'template',
  rootOnly: ['url'],
} as const;

/** The condition of `templatefilter` and `isofilter`. */
export function imageFilter(filter: ImageFilter, viewer: Caller): Sql | undefined {
  const own = sql`b.account_id = ${viewer.accountId}`;
  switch (filter) {
    case 'featured':
      return raw('b.is_featured AND b.is_public');
    case 'community':
      return raw('b.is_public AND NOT b.is_featured');
    case 'self':
      return own;
    case 'selfexecutable':
      return sql`${own} AND b.state = 'Ready'`;
    case 'executable':
      return raw("b.state = 'Ready'");
    case 'sharedexecutable':
      return sql`${sharedWith(viewer)} AND b.state = 'Ready'`;
    case 'all':
      return undefined;
  }
}

import { osTypeOf } from '@durastack/contracts/compute/os-types';
import { listTemplates } from '@durastack/contracts/image/list-templates';
import { sharedWith } from '../../image/template-permissions.js';
import { JOB_COLUMNS, OWNED, OWNER_COLUMNS, OWNER_JOINS, whether } from '../engine/columns.js';
import { defineList } from '../engine/define-list.js';
import { raw, sql } from '../engine/sql.js';

/** Templates: disk images that machines are made from. */
export const templates = defineList({
  command: listTemplates,
  resource: 'template',
  table: 'template',
  joins: [...OWNER_JOINS, 'LEFT JOIN zone z ON z.id = b.zone_id'],
  where: "b.state <> 'Removed'",
  scope: { ...OWNED, shared: (viewer) => sql`b.is_public OR ${sharedWith(viewer)}` },
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
  map: ({ osTypeRef, fetchedAs, stateNow, told, fetched }) => {
    const osType = osTypeOf(osTypeRef as string | null);
    return {
      format: String(fetchedAs).toUpperCase(),
      templateType: 'USER',
      crossZones: false,
      directDownload: false,
      deployAsIs: false,
      requiresHvm: true,
      passwordEnabled: false,
      sshKeyEnabled: true,
      bits: 64,
      bootable: true,
      status:
        stateNow === 'Ready' ? 'Download Complete' : typeof told === 'string' ? told : `${Number(fetched)}% Downloaded`,
      ...(osType ? { osTypeName: osType.name } : {}),
    };
  },
  filters: {
    templateFilter: (filter, viewer) => {
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
    },
    name: 'b.name',
    zoneId: 'b.zone_id',
    hypervisor: 'b.hypervisor',
    imageStoreId: 'b.store_id',
    isReady: whether("b.state = 'Ready'"),
    templateType: (type) => (type.toUpperCase() === 'USER' ? undefined : raw('FALSE')),
    showRemoved: 'accepted',
    showUnique: 'accepted',
    details: 'accepted',
    isVnf: 'accepted',
  },
  keyword: ['b.name', 'b.display_text'],
  tagged: 'template',
  detailed: 'template',
  rootOnly: ['url'],
});

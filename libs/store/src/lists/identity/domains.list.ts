import { limitTexts } from '@durastack/contracts/identity/limit-fields';
import { listDomains } from '@durastack/contracts/identity/list-domains';
import { defineList } from '../engine/define-list.js';
import { LIMIT_COLUMNS, limitsOfRow } from './limit-columns.js';

/** Domains. */
export const domains = defineList({
  command: listDomains,
  resource: 'domain',
  table: 'domain',
  joins: ['LEFT JOIN domain up ON up.id = b.parent_id'],
  where: 'b.removed = 0',
  scope: { domain: 'b.id' },
  columns: {
    id: 'b.id',
    name: 'b.name',
    path: 'b.display_path',
    level: 'b.level',
    parentDomainId: 'b.parent_id',
    parentDomainName: 'up.name',
    hasChild: 'EXISTS (SELECT 1 FROM domain below WHERE below.parent_id = b.id AND NOT below.removed)',
    created: 'b.created_at',
  },
  extra: LIMIT_COLUMNS,
  // What all below it own is not counted for each domain of a page (updateResourceCount does), so neither is what is left.
  map: (row) => {
    const { vmLimit, volumeLimit, templateLimit, networkLimit } = limitTexts(
      limitsOfRow(row, row['parentDomainId'] === null ? undefined : 'domain'),
      {},
    );
    return { state: 'Active', vmLimit, volumeLimit, templateLimit, networkLimit };
  },
  filters: { name: 'b.name', level: 'b.level', details: 'accepted' },
  keyword: ['b.name'],
});

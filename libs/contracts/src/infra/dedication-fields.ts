/** Fields that dedications of hosts, clusters, pods and zones share. */
import { text, uuid } from '../fields.js';
import { listParams } from '../list-params.js';

/** Of every dedication in replies. */
export const dedicationFields = {
  id: uuid('The dedication.'),
  domainId: uuid('The domain that it is for.'),
  accountId: uuid('The account that it is for; without one the whole domain and all below it.').optional(),
} as const;

/** Whom something is dedicated to. */
export const dedicateeParams = {
  domainId: uuid('The domain that it shall be for, with all domains below it.'),
  account: text('Only this account of the domain.').optional(),
} as const;

const { id: _id, ...paging } = listParams;

/** Of every list of dedications. */
export const dedicationListParams = {
  ...paging,
  domainId: uuid('Only those for this domain.').optional(),
  account: text('Only those for this account, with domainid.').optional(),
  affinityGroupId: uuid('Accepted for compatibility: a dedication makes no affinity group.').optional(),
} as const;

import { uuid } from '../fields.js';

/** Whose setting it is; at most one of these, and none for that of the whole cloud. */
export const settingPlace = {
  zoneId: uuid('The zone.').optional(),
  clusterId: uuid('The cluster; without it, all that have no value of their own.').optional(),
  storageId: uuid('The storage pool.').optional(),
  domainId: uuid('The domain.').optional(),
  accountId: uuid('The account.').optional(),
} as const;

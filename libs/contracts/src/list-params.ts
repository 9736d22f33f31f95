/** Parameters that list commands share. */
import { bool, int, list, map, projectId, text, uuid } from './fields.js';

/** The page size of a call that gives a page without it, and the greatest of a page. */
export const MAX_PAGE_SIZE = 500;

/** Of every list: paging, one or several ids, a word to look for. */
export const listParams = {
  id: uuid('Only the one with this id.').optional(),
  keyword: text('Only those in whose name (or other text columns) this occurs.').optional(),
  page: int('Page, from 1; 0 is taken as absent.', { min: 0 }).optional(),
  pageSize: int(
    `Items on a page, ${MAX_PAGE_SIZE} at most; -1, or neither this nor a page: everything (of logs ${MAX_PAGE_SIZE}).`,
    { min: -1 },
  ).optional(),
} as const;

/** Of lists of things that belong to accounts. */
export const scopedListParams = {
  ...listParams,
  listAll: bool('Everything that the caller may see, not only what the own account owns.').optional(),
  isRecursive: bool('With `domainId`: also what lies in the domains below it.').optional(),
  account: text('Only what this account owns; in the domain of the caller unless `domainId` says another.').optional(),
  domainId: uuid('Only what lies in this domain.').optional(),
  projectId: projectId('Only what this project owns; -1: all projects.').optional(),
} as const;

/** Several ids at once. */
export const ids = list('Only those with these ids.', uuid('An id.')).optional();

/** Only what bears all these tags. */
export const tagFilter = map('Only those that bear all these tags.').optional();

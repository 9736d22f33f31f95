import { listUserData } from '@durastack/contracts/compute/list-user-data';
import { OWNED, OWNER_COLUMNS, OWNER_JOINS } from '../lists/engine/columns.js';
import { defineList } from '../lists/engine/define-list.js';

/** Records of user data, which is still sealed here: the command's handler opens what it shows. */
export const userDataRecords = defineList({
  command: listUserData,
  table: 'user_data',
  joins: OWNER_JOINS,
  scope: OWNED,
  columns: { id: 'b.id', name: 'b.name', ...OWNER_COLUMNS, params: 'b.params', userData: 'b.data_sealed' },
  filters: { name: 'b.name' },
  keyword: ['b.name'],
});

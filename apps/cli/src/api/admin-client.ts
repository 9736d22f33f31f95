import { ensureAdminKeys } from '@durastack/store/seed';
import type { InstanceFile } from '../instance/instance-file.js';
import { mariadbUrl } from '../parts/mariadb.js';
import { instanceUrls } from '../parts/node-apps.js';
import { saveAdminAccess } from './admin-access.js';
import { ApiClient } from './api-client.js';

/** The API as the administrator, whose keys are made on the first call and kept in the home. */
export async function adminClient(file: InstanceFile): Promise<ApiClient> {
  const { home } = file;
  const keys = await ensureAdminKeys(mariadbUrl(home.mariadb), home.dataKeyFile);
  const access = { url: instanceUrls(file).api, ...keys };
  saveAdminAccess(home, access);
  return new ApiClient(access);
}

import type { ParamsOf } from '@durastack/contracts/command';
import { listStorageProviders } from '@durastack/contracts/storage/list-storage-providers';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';

const PROVIDERS = [
  { name: 'DefaultPrimary', type: 'PRIMARY' },
  { name: 'Directory', type: 'IMAGE' },
] as const;

/** Lists what serves a kind of storage. */
@Handles(listStorageProviders)
export class ListStorageProvidersHandler implements CommandHandler<typeof listStorageProviders> {
  async execute(_call: Call, params: ParamsOf<typeof listStorageProviders>): Promise<{ name: string; type: string }[]> {
    return PROVIDERS.filter(({ type }) => type === params.type.toUpperCase());
  }
}

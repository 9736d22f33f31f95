/** What registerTemplate and registerIso have in common. */
import type { FETCHED_FORMATS } from '@durastack/contracts/agent/specs';
import type { ParamsOf } from '@durastack/contracts/command';
import { DEFAULT_OS_TYPE_ID } from '@durastack/contracts/compute/os-types';
import { DurastackError } from '@durastack/contracts/errors';
import type { registerIso } from '@durastack/contracts/image/register-iso';
import type { registerTemplate } from '@durastack/contracts/image/register-template';
import { newId } from '@durastack/kit/ids/new-id';
import { autocommit } from '@durastack/store/database/transaction';
import { ownerOf } from '@durastack/store/identity/access';
import { holdToLimits } from '@durastack/store/identity/limits';
import { accept } from '@durastack/store/operations/accept';
import type { StartedOperation } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import type { Platform } from '../platform.js';
import { refusePublic } from './public-templates.js';
import { imageStoreOf, writeTemplate } from './template-rows.js';

/** An image that is to be fetched. */
export interface FetchedImage {
  readonly command: typeof registerTemplate | typeof registerIso;
  readonly zoneId: string;
  readonly format: (typeof FETCHED_FORMATS)[number];
  readonly hypervisor: string;
  readonly params: ParamsOf<typeof registerTemplate> | ParamsOf<typeof registerIso>;
}

/**
 * Accepts the fetching of an image: its row is there at once, `Downloading`.
 *
 * @throws DurastackError INVALID_INPUT without a usable URL or an image store; what owners and limits refuse
 */
export async function acceptFetchedImage(
  { database }: Platform,
  call: Call,
  { command, zoneId, format, hypervisor, params }: FetchedImage,
): Promise<StartedOperation> {
  const tx = autocommit(database);
  const owner = await ownerOf(tx, call.caller, params);
  checkUrl(params.url);
  const storeId = await imageStoreOf(tx, zoneId);
  if (params.isPublic) await refusePublic(tx, call.caller, owner);
  const isAdmin = call.caller.role === 'admin';
  const id = newId();
  const template = { type: 'template', id } as const;
  return accept(database, {
    command,
    caller: call.caller,
    owner,
    resource: template,
    resourceName: params.name,
    zoneId,
    locks: [template, { type: 'image-store', id: storeId }],
    input: {},
    write: async (inner) => {
      await writeTemplate(inner, {
        ...{ id, owner, zoneId, storeId, format, hypervisor, params, isAdmin },
        ...{ url: params.url, checksum: params.checksum ?? null },
        osTypeId: params.osTypeId ?? DEFAULT_OS_TYPE_ID,
        isExtractable: params.isExtractable ?? false,
      });
      await holdToLimits(inner, owner.accountId, ['template', 'secondary_storage']);
    },
  });
}

function checkUrl(url: string): void {
  if (!/^https?:\/\/[^/]/i.test(url) || !URL.canParse(url))
    throw new DurastackError('INVALID_INPUT', `${url} is no http or https URL.`);
}

import { IMAGE_FORMATS } from '@durastack/contracts/agent/specs';
import type { ParamsOf } from '@durastack/contracts/command';
import { DEFAULT_OS_TYPE_ID } from '@durastack/contracts/compute/os-types';
import { DurastackError } from '@durastack/contracts/errors';
import { registerTemplate } from '@durastack/contracts/image/register-template';
import { newId } from '@durastack/kit/ids/new-id';
import { autocommit, type Tx } from '@durastack/store/database/transaction';
import { ownerOf } from '@durastack/store/identity/access';
import { holdToLimits } from '@durastack/store/identity/limits';
import { accept } from '@durastack/store/operations/accept';
import { Handles, type CommandHandler, type StartedOperation } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';

type Params = ParamsOf<typeof registerTemplate>;

/** Accepts a template: its row is there at once, `Downloading`. */
@Handles(registerTemplate)
export class RegisterTemplateHandler implements CommandHandler<typeof registerTemplate> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: Params): Promise<StartedOperation> {
    const tx = autocommit(this.platform.database);
    const owner = await ownerOf(tx, call.caller, params);
    const zoneId = zoneOf(params);
    const format = formatOf(params);
    checkUrl(params.url);
    const storeId = await imageStoreOf(tx, zoneId);
    const isAdmin = call.caller.role === 'admin';
    const id = newId();
    const template = { type: 'template', id } as const;
    return accept(this.platform.database, {
      command: registerTemplate,
      caller: call.caller,
      owner,
      resource: template,
      resourceName: params.name,
      zoneId,
      locks: [template, { type: 'image-store', id: storeId }],
      input: {},
      write: async (inner) => {
        await inner.execute(
          `INSERT INTO template (id, name, display_text, account_id, domain_id, zone_id, store_id, url, format, checksum, hypervisor, os_type_id, is_public,
             is_featured, is_extractable, is_dynamically_scalable, state, status, created_at)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'Downloading', 'Waiting', NOW(3))`,
          [
            id,
            params.name,
            params.displayText ?? params.name,
            owner.accountId,
            owner.domainId,
            zoneId,
            storeId,
            params.url,
            format,
            params.checksum ?? null,
            hypervisorOf(params),
            params.osTypeId ?? DEFAULT_OS_TYPE_ID,
            params.isPublic ?? false,
            isAdmin && params.isFeatured === true,
            params.isExtractable ?? false,
            params.isDynamicallyScalable ?? false,
          ],
        );
        await holdToLimits(inner, owner.accountId, ['template', 'secondary_storage']);
      },
    });
  }
}

async function imageStoreOf(tx: Tx, zoneId: string): Promise<string> {
  const [store] = await tx.query<{ id: string }>(
    'SELECT id FROM image_store WHERE zone_id = ? AND removed = 0 ORDER BY created_at LIMIT 1',
    [zoneId],
  );
  if (store) return store.id;
  throw new DurastackError('INVALID_INPUT', `The zone ${zoneId} has no image store; add one first (addImageStore).`);
}

function zoneOf({ zoneId, zoneIds }: Params): string {
  const zones = zoneIds ?? (zoneId === undefined ? [] : [zoneId]);
  const [zone] = zones;
  if (zone === undefined || zones.length > 1)
    throw new DurastackError('INVALID_INPUT', 'Give one zone (zoneid); register the template once for each zone.');
  return zone;
}

function formatOf({ format }: Params): string {
  const known = IMAGE_FORMATS.find((name) => name === format.toLowerCase());
  if (!known)
    throw new DurastackError(
      'INVALID_INPUT',
      `The format ${format} is none of ${IMAGE_FORMATS.join(', ').toUpperCase()}.`,
    );
  return known;
}

function hypervisorOf({ hypervisor }: Params): string {
  const known = ['KVM', 'Simulator'].find((name) => name.toLowerCase() === hypervisor.toLowerCase());
  if (!known) throw new DurastackError('INVALID_INPUT', `The hypervisor ${hypervisor} is neither KVM nor Simulator.`);
  return known;
}

function checkUrl(url: string): void {
  if (!/^https?:\/\/[^/]/i.test(url) || !URL.canParse(url))
    throw new DurastackError('INVALID_INPUT', `${url} is no http or https URL.`);
}

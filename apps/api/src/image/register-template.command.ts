import { IMAGE_FORMATS } from '@durastack/contracts/agent/specs';
import type { ParamsOf } from '@durastack/contracts/command';
import { DEFAULT_OS_TYPE_ID } from '@durastack/contracts/compute/os-types';
import { DurastackError } from '@durastack/contracts/errors';
import { registerTemplate } from '@durastack/contracts/image/register-template';
import { newId } from '@durastack/kit/ids/new-id';
import { autocommit } from '@durastack/store/database/transaction';
import { ownerOf } from '@durastack/store/identity/access';
import { holdToLimits } from '@durastack/store/identity/limits';
import { accept } from '@durastack/store/operations/accept';
import { Handles, type CommandHandler, type StartedOperation } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { refusePublic } from './public-templates.js';
import { imageStoreOf, writeTemplate } from './template-rows.js';

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
    if (params.isPublic) await refusePublic(tx, call.caller, owner);
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
        await writeTemplate(inner, {
          ...{ id, owner, zoneId, storeId, format, params, isAdmin },
          ...{ url: params.url, checksum: params.checksum ?? null, hypervisor: hypervisorOf(params) },
          osTypeId: params.osTypeId ?? DEFAULT_OS_TYPE_ID,
          isExtractable: params.isExtractable ?? false,
        });
        await holdToLimits(inner, owner.accountId, ['template', 'secondary_storage']);
      },
    });
  }
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

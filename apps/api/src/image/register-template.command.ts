import { IMAGE_FORMATS } from '@durastack/contracts/agent/specs';
import type { ParamsOf } from '@durastack/contracts/command';
import { DurastackError } from '@durastack/contracts/errors';
import { registerTemplate } from '@durastack/contracts/image/register-template';
import { Handles, type CommandHandler, type StartedOperation } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { acceptFetchedImage } from './fetched-image.js';

type Params = ParamsOf<typeof registerTemplate>;

/** Accepts a template: its row is there at once, `Downloading`. */
@Handles(registerTemplate)
export class RegisterTemplateHandler implements CommandHandler<typeof registerTemplate> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: Params): Promise<StartedOperation> {
    return acceptFetchedImage(this.platform, call, {
      command: registerTemplate,
      ...{ zoneId: zoneOf(params), format: formatOf(params), hypervisor: hypervisorOf(params), params },
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

function formatOf({ format }: Params): (typeof IMAGE_FORMATS)[number] {
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

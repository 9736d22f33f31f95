import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { listNetworkOfferings } from '@durastack/contracts/network/list-network-offerings';
import { DEFAULT_SHARED_OFFERING, SHARED_NETWORK_SERVICES } from '@durastack/contracts/network/network-offerings';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';

type Offering = ResultOf<typeof listNetworkOfferings>;

const OFFERING: Offering = {
  ...DEFAULT_SHARED_OFFERING,
  guestIpType: 'Shared',
  trafficType: 'Guest',
  state: 'Enabled',
  availability: 'Optional',
  isDefault: true,
  forVpc: false,
  conserveMode: true,
  isPersistent: false,
  specifyVlan: true,
  specifyIpRanges: true,
  egressDefaultPolicy: true,
  service: SHARED_NETWORK_SERVICES,
};

/** Parameters that must equal the offering's field of that name. */
const COMPARED = [
  'name',
  'displayText',
  'guestIpType',
  'trafficType',
  'state',
  'availability',
  'forVpc',
  'isDefault',
  'specifyVlan',
  'specifyIpRanges',
] as const;

const same = (a: unknown, b: unknown) => String(a).toLowerCase() === String(b).toLowerCase();

/** Lists network offerings: there is one. */
@Handles(listNetworkOfferings)
export class ListNetworkOfferingsHandler implements CommandHandler<typeof listNetworkOfferings> {
  async execute(_call: Call, params: ParamsOf<typeof listNetworkOfferings>): Promise<Offering[]> {
    const serves = (name: string) => OFFERING.service.some((service) => same(service.name, name));
    const matches =
      COMPARED.every((field) => params[field] === undefined || same(params[field], OFFERING[field])) &&
      (params.supportedServices ?? []).every(serves);
    return matches ? [OFFERING] : [];
  }
}

import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { listNetworkOfferings } from '@durastack/contracts/network/list-network-offerings';
import {
  DEFAULT_SHARED_OFFERING,
  SHARED_NETWORK_SERVICES,
  SHARED_VXLAN_OFFERING,
} from '@durastack/contracts/network/network-offerings';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';

type Offering = ResultOf<typeof listNetworkOfferings>;

const SHARED: Omit<Offering, 'id' | 'name' | 'displayText' | 'specifyVlan'> = {
  guestIpType: 'Shared',
  trafficType: 'Guest',
  state: 'Enabled',
  availability: 'Optional',
  isDefault: true,
  forVpc: false,
  conserveMode: true,
  isPersistent: false,
  specifyIpRanges: true,
  egressDefaultPolicy: true,
  service: SHARED_NETWORK_SERVICES,
};

const OFFERINGS: readonly Offering[] = [
  { ...DEFAULT_SHARED_OFFERING, ...SHARED, specifyVlan: true },
  // Its VNI may be given, and is chosen otherwise.
  { ...SHARED_VXLAN_OFFERING, ...SHARED, specifyVlan: false },
];

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

/** Lists network offerings: there are two. */
@Handles(listNetworkOfferings)
export class ListNetworkOfferingsHandler implements CommandHandler<typeof listNetworkOfferings> {
  async execute(_call: Call, params: ParamsOf<typeof listNetworkOfferings>): Promise<Offering[]> {
    const serves = (name: string) => SHARED.service.some((service) => same(service.name, name));
    if (!(params.supportedServices ?? []).every(serves)) return [];
    return OFFERINGS.filter((offering) =>
      COMPARED.every((field) => params[field] === undefined || same(params[field], offering[field])),
    );
  }
}

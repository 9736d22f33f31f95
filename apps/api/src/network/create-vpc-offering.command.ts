import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { DurastackError } from '@durastack/contracts/errors';
import { createVPCOffering } from '@durastack/contracts/network/create-vpc-offering';
import { providerOf, type NetworkService } from '@durastack/contracts/network/network-offerings';
import { VPC_SERVICES, vpcServiceNameOf } from '@durastack/contracts/network/vpc-offerings';
import { newId } from '@durastack/kit/ids/new-id';
import { insertRow, orConflict } from '@durastack/store/database/rows';
import { autocommit } from '@durastack/store/database/transaction';
import { readOne } from '@durastack/store/lists/engine/run-list';
import { vpcOfferings } from '@durastack/store/lists/network/vpc-offerings.list';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';

type Params = ParamsOf<typeof createVPCOffering>;

/** Creates a VPC offering. */
@Handles(createVPCOffering)
export class CreateVpcOfferingHandler implements CommandHandler<typeof createVPCOffering> {
  constructor(private readonly platform: Platform) {}

  async execute({ caller }: Call, params: Params): Promise<ResultOf<typeof createVPCOffering>> {
    const tx = autocommit(this.platform.database);
    const id = newId();
    const insert = insertRow(tx, 'vpc_offering', {
      ...{ id, name: params.name, display_text: params.displayText ?? params.name },
      ...{ state: params.enable === true ? 'Enabled' : 'Disabled', is_default: false, live_key: '' },
      ...{ services_json: JSON.stringify(servicesOf(params)), created_at: new Date() },
    });
    await orConflict(insert, `A VPC offering with the name ${params.name} exists already.`);
    return readOne(tx, vpcOfferings, caller, id);
  }
}

function servicesOf({ supportedServices = [...VPC_SERVICES], serviceProviderList = [] }: Params): NetworkService[] {
  const services = [...new Set(supportedServices.map(known))];
  for (const entry of serviceProviderList) {
    const service = known(entry['service'] ?? '');
    if (!services.includes(service))
      throw new DurastackError('INVALID_INPUT', `${service} has a provider and is not in supportedservices.`);
  }
  // CloudStack's clients name CloudStack's providers; what is served here is served by ours.
  return services.map((name) => ({ name, provider: providerOf(name) }));
}

function known(name: string): string {
  const service = vpcServiceNameOf(name);
  if (service !== undefined) return service;
  throw new DurastackError(
    'INVALID_INPUT',
    `VPCs have no service ${name.slice(0, 60)}; give some of ${VPC_SERVICES.join(', ')}.`,
  );
}

/** The services of a new network offering: names, and who serves each. */
import type { ParamsOf } from '@durastack/contracts/command';
import { DurastackError } from '@durastack/contracts/errors';
import type { createNetworkOffering } from '@durastack/contracts/network/create-network-offering';
import { providerOf, serviceNameOf, type NetworkService } from '@durastack/contracts/network/network-offerings';

type Params = Pick<
  ParamsOf<typeof createNetworkOffering>,
  'supportedServices' | 'serviceProviderList' | 'guestIpType' | 'forVpc'
>;

function known(name: string): string {
  const service = serviceNameOf(name);
  if (service === undefined) throw new DurastackError('INVALID_INPUT', `There is no network service ${name}.`);
  return service;
}

/** Reads and checks them. INVALID_INPUT for a service or provider that does not exist, or does not fit the kind. */
export function servicesOf(params: Params): NetworkService[] {
  const services = [...new Set((params.supportedServices ?? []).map(known))];
  for (const entry of params.serviceProviderList ?? []) {
    const service = known(entry['service'] ?? '');
    if (!services.includes(service))
      throw new DurastackError('INVALID_INPUT', `${service} has a provider and is not in supportedservices.`);
  }
  if (params.guestIpType === 'L2' && services.some((name) => name !== 'UserData'))
    throw new DurastackError('INVALID_INPUT', 'L2 networks have no services but UserData.');
  if (params.guestIpType !== 'Isolated' && services.some((name) => providerOf(name) !== providerOf('Dhcp')))
    throw new DurastackError('INVALID_INPUT', `${params.guestIpType} networks have no router, so no services of one.`);
  if (params.forVpc === true && params.guestIpType !== 'Isolated')
    throw new DurastackError('INVALID_INPUT', 'Tiers of VPCs are Isolated networks.');
  // CloudStack's clients name CloudStack's providers; what is served here is served by ours.
  return services.map((name) => ({ name, provider: providerOf(name) }));
}

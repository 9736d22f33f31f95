import type { ParamsOf } from '@durastack/contracts/command';
import { DurastackError } from '@durastack/contracts/errors';
import { HOST_HA_PROVIDERS } from '@durastack/contracts/infra/host-ha-states';
import { listHostHAProviders } from '@durastack/contracts/infra/list-host-ha-providers';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';

/** Lists who can tell whether a host is dead. */
@Handles(listHostHAProviders)
export class ListHostHAProvidersHandler implements CommandHandler<typeof listHostHAProviders> {
  async execute(_call: Call, params: ParamsOf<typeof listHostHAProviders>): Promise<{ haProvider: string }[]> {
    const wanted = params.hypervisor.toLowerCase();
    const found = Object.entries(HOST_HA_PROVIDERS).filter(([hypervisor]) => hypervisor.toLowerCase() === wanted);
    if (found.length > 0) return found.map(([, haProvider]) => ({ haProvider }));
    const known = Object.keys(HOST_HA_PROVIDERS).join(', ');
    throw new DurastackError('INVALID_INPUT', `hypervisor: there is no ${params.hypervisor}; give one of ${known}.`);
  }
}

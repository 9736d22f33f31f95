import type { NetworkService } from '@durastack/contracts/network/network-offerings';

/** The services of an offering in CloudStack's form, from the column that holds them. */
export function serviceList(json: unknown): { name: string; provider: { name: string }[]; capability: [] }[] {
  if (typeof json !== 'string') return [];
  const services = JSON.parse(json) as NetworkService[];
  return services.map(({ name, provider }) => ({ name, provider: [{ name: provider }], capability: [] }));
}

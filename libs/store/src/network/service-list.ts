import type { NetworkService } from '@durastack/contracts/network/network-offerings';

type ServiceList = { name: string; provider: { name: string }[]; capability: [] }[];

/** By the column's text: thousands of networks have the services of few offerings. */
const known = new Map<string, ServiceList>();
const MAX_KNOWN = 1_000;

/** The services of an offering in CloudStack's form, from the column that holds them. One frozen list for each text. */
export function serviceList(json: unknown): ServiceList {
  if (typeof json !== 'string') return [];
  const there = known.get(json);
  if (there) return there;
  const services = JSON.parse(json) as NetworkService[];
  const list = services.map(({ name, provider }): ServiceList[number] => ({
    ...{ name, provider: [{ name: provider }], capability: [] },
  }));
  if (known.size >= MAX_KNOWN) known.clear();
  known.set(json, Object.freeze(list) as ServiceList);
  return list;
}

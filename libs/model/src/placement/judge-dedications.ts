import type {
  DedicationSnapshot,
  HostReason,
  HostSnapshot,
  MachineNeeds,
} from '@durastack/contracts/compute/placement';

type Owner = MachineNeeds['owner'];

/** Whether a dedicated place takes machines of an owner: of its account, or of its domain and all below it. */
export function takesOwner(
  dedication: Pick<DedicationSnapshot, 'accountId' | 'domainPath'>,
  { accountId, domainPath }: Owner,
): boolean {
  return dedication.accountId === null
    ? domainPath.startsWith(dedication.domainPath)
    : dedication.accountId === accountId;
}

/** What dedications say about hosts for one owner; every level above a host counts. */
export class DedicationsJudge {
  /** By the id of the place. */
  private readonly places = new Map<string, { readonly type: string; readonly own: boolean }>();

  constructor(dedications: readonly DedicationSnapshot[], owner: Owner) {
    for (const dedication of dedications)
      this.places.set(dedication.resourceId, { type: dedication.resourceType, own: takesOwner(dedication, owner) });
  }

  /** @returns why not, and whether something below the zone is dedicated to the owner */
  judge(host: HostSnapshot): { readonly reason?: HostReason; readonly own: boolean } {
    if (this.places.size === 0) return { own: false };
    const found = [host.id, host.clusterId, host.podId, host.zoneId].flatMap((id) => this.places.get(id) ?? []);
    const foreign = found.find(({ own }) => !own);
    if (!foreign) return { own: found.some(({ type }) => type !== 'zone') };
    const text = foreign.type === 'host' ? 'is dedicated to others' : `is in a ${foreign.type} dedicated to others`;
    return { reason: { kind: 'dedication', text, missing: foreign.type }, own: false };
  }
}

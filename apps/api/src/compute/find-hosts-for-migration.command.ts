import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { findHostsForMigration } from '@durastack/contracts/compute/find-hosts-for-migration';
import { OVERCOMMIT } from '@durastack/contracts/compute/overcommit';
import { DurastackError } from '@durastack/contracts/errors';
import { judgeHosts, type HostJudgement } from '@durastack/model/placement/judge-hosts';
import { byPreference } from '@durastack/model/placement/plan-placement';
import { readNeeds } from '@durastack/store/compute/placement-needs';
import { readZoneSnapshot } from '@durastack/store/compute/placement-rows';
import { requireRow } from '@durastack/store/database/rows';
import { autocommit } from '@durastack/store/database/transaction';
import { notFound } from '@durastack/store/identity/access';
import { runList, type ListPage } from '@durastack/store/lists/engine/run-list';
import { hosts } from '@durastack/store/lists/infra/hosts.list';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';

type HostForMigration = ResultOf<typeof findHostsForMigration>;

/** Judges every host of the machine's zone, and shows a page of them. */
@Handles(findHostsForMigration)
export class FindHostsForMigrationHandler implements CommandHandler<typeof findHostsForMigration> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: ParamsOf<typeof findHostsForMigration>): Promise<ListPage<HostForMigration>> {
    const tx = autocommit(this.platform.database);
    const id = params.virtualMachineId;
    const vm = await requireRow<{ state: string }>(
      tx,
      { type: 'virtual-machine', id },
      { parameter: 'virtualmachineid', where: "state <> 'Expunged'" },
    );
    if (vm.state !== 'Running')
      throw new DurastackError(
        'NOT_ALLOWED_IN_STATE',
        `The virtual machine ${id} is ${vm.state}; hosts for a migration can be found when it is Running.`,
        { details: { state: vm.state } },
      );
    const needs = (await readNeeds(tx, [id])).get(id);
    if (!needs) throw notFound('virtualmachineid', id);
    const word = params.keyword?.toLowerCase() ?? '';
    const judged = judgeHosts(await readZoneSnapshot(tx, OVERCOMMIT, needs.zoneId), needs, 'migrate')
      .filter(({ host }) => host.id !== needs.hostId && host.name.toLowerCase().includes(word))
      .sort(bestFirst);
    const { offset, limit } = part(call);
    const shown = judged.slice(offset, offset + limit);
    const ids = shown.map(({ host }) => host.id);
    const page = { page: 1, pageSize: Math.max(1, ids.length) };
    const { items } = await runList(tx, hosts, call.caller, { params: { ids }, page });
    const views = new Map(items.map((item) => [item.id, item]));
    const found = shown.flatMap((judgement) => toItem(judgement, views.get(judgement.host.id)));
    const more = offset + limit < judged.length;
    return { items: found, count: judged.length, ...(more ? { next: String(offset + limit) } : {}) };
  }
}

/** Suitable ones first, those that need no storage to move before the others; then those with the fewest reasons. */
function bestFirst(a: HostJudgement, b: HostJudgement): number {
  return a.reasons.length - b.reasons.length || Number(a.storageMotion) - Number(b.storageMotion) || byPreference(a, b);
}

/** Nothing for a host that was removed meanwhile. */
function toItem(
  { reasons, storageMotion }: HostJudgement,
  view: ResultOf<typeof hosts.command> | undefined,
): HostForMigration[] {
  if (!view) return [];
  return [
    {
      ...view,
      suitableForMigration: reasons.length === 0,
      requiresStorageMotion: storageMotion,
      unsuitableReasons: [...reasons],
    },
  ];
}

/** Cursors are positions here: the order is that of the judgement. */
function part({ page }: Call): { limit: number; offset: number } {
  if (!page) return { limit: 500, offset: 0 };
  if ('limit' in page) return { limit: page.limit, offset: Math.max(0, Number.parseInt(page.after ?? '0', 10) || 0) };
  return { limit: page.pageSize, offset: (page.page - 1) * page.pageSize };
}

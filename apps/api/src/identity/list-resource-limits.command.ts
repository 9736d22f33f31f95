import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { listResourceLimits } from '@durastack/contracts/identity/list-resource-limits';
import { defaultLimitsOf } from '@durastack/contracts/identity/default-limits';
import { RESOURCE_KINDS, UNLIMITED_MAX } from '@durastack/contracts/identity/resource-kinds';
import { autocommit } from '@durastack/store/database/transaction';
import { readGlobalSettings } from '@durastack/store/operations/global-settings';
import { offsetPage, type ListPage } from '@durastack/store/lists/engine/run-list';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { pageOf } from '../face/page-of.js';
import { Platform } from '../platform.js';
import { kindNumbers, limitTarget } from './limit-target.js';

type Limit = ResultOf<typeof listResourceLimits>;

/** Lists the limits of an account, a domain or a project, kind by kind. */
@Handles(listResourceLimits)
export class ListResourceLimitsHandler implements CommandHandler<typeof listResourceLimits> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: ParamsOf<typeof listResourceLimits>): Promise<ListPage<Limit>> {
    const tx = autocommit(this.platform.database);
    const target = await limitTarget(tx, call.caller, params);
    const rows = await tx.query<{ kind: number; max: number }>(
      'SELECT kind, max FROM resource_limit WHERE owner_id = ?',
      [target.id],
    );
    const limits = new Map(rows.map(({ kind, max }) => [kind, Number(max)]));
    const { defaults } = target;
    const byDefault = defaults ? defaultLimitsOf(defaults, await readGlobalSettings(tx)) : {};
    const wanted = params.resourceTypeName?.toLowerCase();
    const found = kindNumbers(params.resourceType)
      .map((kind) => ({
        ...{ resourceType: String(kind), resourceTypeName: RESOURCE_KINDS[kind] ?? '' },
        ...target.fields,
        max: limits.get(kind) ?? byDefault[kind] ?? UNLIMITED_MAX,
      }))
      .filter(({ resourceTypeName }) => wanted === undefined || resourceTypeName === wanted)
      .filter(({ resourceTypeName }) => resourceTypeName.includes((params.keyword ?? '').toLowerCase()));
    // Limits have no id and no name for the usual choice to go by.
    return pageOf(found, {}, call.page ?? offsetPage(params)) as ListPage<Limit>;
  }
}

import type { ParamsOf } from '@durastack/contracts/command';
import { DurastackError } from '@durastack/contracts/errors';
import { generateAlert } from '@durastack/contracts/operations/generate-alert';
import { requireRow } from '@durastack/store/database/rows';
import { transaction, type Tx } from '@durastack/store/database/transaction';
import { ALERT_TYPES, writeAlert, type AlertKind } from '@durastack/store/doctor/alerts';
import { notFound } from '@durastack/store/identity/access';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';

type Params = ParamsOf<typeof generateAlert>;

/** Raises an alert for somebody. */
@Handles(generateAlert)
export class GenerateAlertHandler implements CommandHandler<typeof generateAlert> {
  constructor(private readonly platform: Platform) {}

  async execute(_call: Call, params: Params): Promise<void> {
    const kind = kindOf(params);
    const { description } = params;
    if (description.trim() === '')
      throw new DurastackError('INVALID_INPUT', 'description is empty: say what there is to look at.');
    await transaction(this.platform.database, async (tx) => {
      await writeAlert(tx, { ...kind, description, resource: await placeOf(tx, params) });
    });
  }
}

/** One that is raised here too, or one of the caller's own: neither name nor number may stand for two kinds. */
function kindOf({ type, name }: Params): AlertKind {
  const own = name.trim();
  if (own === '') throw new DurastackError('INVALID_INPUT', 'name is empty: say what kind of alert it is.');
  const known = Object.values(ALERT_TYPES).find(
    (one) => one.type === type || one.name.toLowerCase() === own.toLowerCase(),
  );
  if (known === undefined) return { type, name: own };
  if (known.type === type && known.name.toLowerCase() === own.toLowerCase()) return known;
  throw new DurastackError(
    'INVALID_INPUT',
    `The type ${type} and the name ${own} do not belong together: alerts of type ${known.type} are named ${known.name}. Give these two, or a number and a name of your own.`,
  );
}

async function placeOf(tx: Tx, { zoneId, podId }: Params): Promise<{ type: 'zone' | 'pod'; id: string } | undefined> {
  if (zoneId !== undefined) await requireRow(tx, { type: 'zone', id: zoneId }, { parameter: 'zoneid' });
  if (podId === undefined) return zoneId === undefined ? undefined : { type: 'zone', id: zoneId };
  const pod = await requireRow<{ zone_id: string }>(tx, { type: 'pod', id: podId }, { parameter: 'podid' });
  if (zoneId !== undefined && pod.zone_id !== zoneId) throw notFound('podid', podId);
  return { type: 'pod', id: podId };
}

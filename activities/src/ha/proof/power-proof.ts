/** Proof that a host is without power: its management controller says so twice, and nobody may switch it on. */
import { setTimeout as sleep } from 'node:timers/promises';
import { isDurastackError } from '@durastack/contracts/errors';
import type { ControllerPower } from '@durastack/contracts/infra/power-controller';
import type { StepRef } from '@durastack/contracts/operations/step';
import type { PowerEvidence } from '@durastack/model/ha/proof-evidence';
import { notePower, readController, type ControllerRow } from '@durastack/store/oobm/controller-rows';
import { inStep } from '@durastack/store/operations/run';
import { holdOff, letGoOfPower, notePowerSeen, type PowerSeen } from '@durastack/store/proof/power-seen';
import type { ActivityDependencies } from '../../dependencies.js';
import { withLogin } from '../../oobm/controller-login.js';
import { askPeers } from './peer-signs.js';
import type { ProofStrategy, SuspectHost } from './proof-strategy.js';

/** Between two reads that count as two. */
const PAUSE_MS = 300;
/** How often it is looked after an order to switch off, in one call. */
const LOOKS = 8;

type Parts = Pick<ActivityDependencies, 'source' | 'box' | 'agents' | 'controllers'>;

/** Makes the strategy. */
export function createPowerProof(parts: Parts): ProofStrategy {
  const { source } = parts;
  return {
    async gather(host, step) {
      const row = await inStep(source, step, (tx) => readController(tx, host.id));
      const nothing = { firstOffAtMs: null, againOffAtMs: null, isHeldOff: false };
      if (row?.isUsed !== true) {
        const what = row === undefined ? 'none is configured (configureOutOfBandManagement)' : 'it is not enabled';
        return { power: { ...nothing, trouble: what } };
      }
      try {
        const power = await switchOff(parts, { host, row }, step);
        return { power, ...(power.againOffAtMs === null ? {} : { signsOfLife: await askPeers(parts, host.id) }) };
      } catch (error) {
        // What was seen before counts no more once the controller cannot be asked: it is looked at anew each time.
        if (isDurastackError(error) && error.code !== 'SUPERSEDED')
          return { power: { ...nothing, trouble: error.message } };
        throw error;
      }
    },
    release: async (hostId, step) => {
      await inStep(source, step, (tx) => letGoOfPower(tx, hostId));
      return undefined;
    },
  };
}

async function switchOff(
  { source, box, controllers }: Parts,
  { host, row }: { readonly host: SuspectHost; readonly row: ControllerRow },
  step: StepRef,
): Promise<PowerEvidence> {
  // First of all: from here on nobody switches it on.
  await inStep(source, step, (tx) => holdOff(tx, host.id));
  const look = async (): Promise<PowerSeen> => {
    const power: ControllerPower = await withLogin(box, row, (login) => controllers.read(login));
    return inStep(source, step, async (tx) => {
      await notePower(tx, host.id, power);
      return notePowerSeen(tx, { hostId: host.id, power, lastSignMs: host.lastSignMs });
    });
  };
  let seen = await look();
  if (seen.power !== 'Off') await withLogin(box, row, (login) => controllers.change(login, 'OFF'));
  for (let looks = 0; looks < LOOKS && seen.againOffAtMs === null; looks += 1) {
    await sleep(PAUSE_MS);
    seen = await look();
  }
  const { firstOffAtMs, againOffAtMs, isHeldOff } = seen;
  return { firstOffAtMs, againOffAtMs, isHeldOff, trouble: null };
}

import { OVERCOMMIT } from '@durastack/contracts/compute/overcommit';
import { DurastackError } from '@durastack/contracts/errors';
import { maintainHost } from '@durastack/contracts/infra/maintain-host';
import type { HostMaintenancePorts } from '@durastack/contracts/infra/maintenance.ports';
import {
  DEFAULT_MOVES_AT_ONCE,
  prepareHostForMaintenance,
} from '@durastack/contracts/infra/prepare-host-for-maintenance';
import { DONE, pending } from '@durastack/contracts/operations/step';
import {
  decideDrain,
  LOCAL_STORAGE_POLICIES,
  type DrainRules,
  type LocalStoragePolicy,
} from '@durastack/model/maintenance/decide-drain';
import { planDrain } from '@durastack/model/maintenance/plan-drain';
import { readDrainPlan, readDrainScene } from '@durastack/store/infra/drain-scene';
import { cancelChildren } from '@durastack/store/operations/children';
import { cancelOperation } from '@durastack/store/operations/cancel';
import { inStep } from '@durastack/store/operations/run';
import { autocommit } from '@durastack/store/database/transaction';
import type { ActivityDependencies } from '../dependencies.js';
import { askToLeave } from './departures.js';
import { reopenHost } from './reopen-host.js';

const POLL_MS = 1_000;
/** How often a machine's departure is tried before the host is given up. */
const ATTEMPTS = 3;
/** Machines that an error names. */
const NAMED = 5;

/** See {@link HostMaintenancePorts}. */
export function createActivities({ source }: ActivityDependencies): HostMaintenancePorts {
  return {
    closeHost: (step) =>
      inStep(source, step, async (tx, { id, resource }) => {
        await tx.execute(
          `UPDATE host SET allocation_before = allocation_state, allocation_state = 'PrepareForMaintenance', maintenance_operation_id = ?
            WHERE id = ? AND state = 'Up' AND allocation_state IN ('Enabled', 'Disabled')`,
          [id, resource.id],
        );
        const [host] = await tx.query<{ name: string; state: string; allocation: string; closedBy: string | null }>(
          'SELECT name, state, allocation_state AS allocation, maintenance_operation_id AS closedBy FROM host WHERE id = ?',
          [resource.id],
        );
        if (host?.closedBy === id) return DONE;
        throw new DurastackError(
          'NOT_ALLOWED_IN_STATE',
          `Host ${host?.name} is ${host?.state} and ${host?.allocation}; maintenance begins on hosts that are Up, and Enabled or Disabled.`,
        );
      }),

    reopenHost: (step) =>
      inStep(source, step, async (tx, { id, resource }) => {
        await reopenHost(tx, resource.id, id);
        return DONE;
      }),

    checkDrain: (step) =>
      inStep(source, step, async (tx, { resource, input }) => {
        const [host] = await tx.query<{ id: string; zoneId: string }>(
          'SELECT id, zone_id AS zoneId FROM host WHERE id = ?',
          [resource.id],
        );
        if (!host) return DONE;
        const rows = await readDrainPlan(tx, OVERCOMMIT, host);
        const planned = planDrain({ ...rows, localStorage: rulesOf(input).localStorage });
        const stuck = planned.flatMap(({ resident, obstacle }) =>
          obstacle === undefined ? [] : `${resident.name} (${obstacle})`,
        );
        if (stuck.length === 0) return DONE;
        const more = stuck.length > NAMED ? ` and ${stuck.length - NAMED} more` : '';
        throw new DurastackError(
          'CONFLICT',
          `These machines cannot leave the host: ${stuck.slice(0, NAMED).join('; ')}${more}. getHostMaintenancePlan tells all.`,
        );
      }),

    async drainHost(step) {
      const { scene, operation } = await inStep(source, step, async (tx, found) => ({
        operation: found,
        scene: await readDrainScene(tx, { hostId: found.resource.id, parentId: found.id }),
      }));
      const decision = decideDrain(scene, rulesOf(operation.input));
      if (decision.kind === 'empty') return DONE;
      if (decision.kind === 'hopeless')
        throw new DurastackError('CONFLICT', `The host cannot be emptied: ${decision.reasons.join('; ')}.`);
      for (const [offset, departure] of decision.start.entries()) {
        const index = scene.departures.length + offset;
        await askToLeave(source, { step, operation, index, hostId: operation.resource.id, ...departure });
      }
      return pending(POLL_MS, progressOf(scene));
    },

    async stopDrain(step) {
      const parent = await inStep(source, step, async (_, { id }) => id);
      const left = await cancelChildren(source, parent, 'the maintenance of its host was not carried through');
      return left.length === 0 ? DONE : pending(POLL_MS, `${left.length} moves are being ended`);
    },

    enterMaintenance: (step) =>
      inStep(source, step, async (tx, { id, resource }) => {
        await tx.execute(
          "UPDATE host SET allocation_state = 'Maintenance' WHERE id = ? AND allocation_state = 'PrepareForMaintenance' AND maintenance_operation_id = ?",
          [resource.id, id],
        );
        return DONE;
      }),

    async leaveMaintenance(step) {
      const hostId = await inStep(source, step, async (_, { resource }) => resource.id);
      const open = await preparationsOf(hostId);
      for (const id of open) await cancelOperation(source, id, 'the maintenance of the host was cancelled', 'never');
      if (open.length > 0) return pending(POLL_MS, 'the preparation is being taken back');
      return inStep(source, step, async (tx) => {
        await reopenHost(tx, hostId);
        return DONE;
      });
    },
  };

  async function preparationsOf(hostId: string): Promise<string[]> {
    const rows = await autocommit(source).query<{ id: string }>(
      `SELECT id FROM operation WHERE resource_type = 'host' AND resource_id = ? AND kind IN (?)
        AND state IN ('queued', 'granted', 'running')`,
      [hostId, [prepareHostForMaintenance.name, maintainHost.name]],
    );
    return rows.map(({ id }) => id);
  }
}

function rulesOf(input: Readonly<Record<string, unknown>>): DrainRules {
  const wanted = LOCAL_STORAGE_POLICIES.find((policy) => policy === input['localStorage']);
  const localStorage: LocalStoragePolicy = wanted ?? 'refuse';
  return { atOnce: Number(input['movesAtOnce'] ?? DEFAULT_MOVES_AT_ONCE), attempts: ATTEMPTS, localStorage };
}

function progressOf({ residents, arriving }: { residents: readonly { name: string }[]; arriving: number }): string {
  if (residents.length === 0) return `waiting for ${arriving} operations that chose this host before`;
  const names = residents.slice(0, 3).map(({ name }) => name);
  return `${residents.length} machines are left: ${names.join(', ')}${residents.length > names.length ? ', …' : ''}`;
}

import { DurastackError } from '@durastack/contracts/errors';
import type { CleanUpPorts } from '@durastack/contracts/identity/clean-up.ports';
import { DONE, pending } from '@durastack/contracts/operations/step';
import { decideCleanUp } from '@durastack/model/identity/decide-clean-up';
import {
  closeOwner,
  freePublicIpsOfOwner,
  readLeftovers,
  removeOwner,
  reopenOwner,
  type OwnerRef,
} from '@durastack/store/identity/removal';
import { cancelChildren, isOpen, readChildren } from '@durastack/store/operations/children';
import type { OperationRow } from '@durastack/store/operations/operation-row';
import { inStep } from '@durastack/store/operations/run';
import type { ActivityDependencies } from '../dependencies.js';
import { askToGo } from './leavings.js';

const POLL_MS = 1_000;
const RULES = { atOnce: 4, attempts: 3 } as const;
/** Things that an error names. */
const NAMED = 5;

const ownerOf = ({ resource }: OperationRow): OwnerRef => resource as OwnerRef;

/** See {@link CleanUpPorts}. */
export function createActivities({ source }: ActivityDependencies): CleanUpPorts {
  return {
    closeOwner: (step) =>
      inStep(source, step, async (tx, operation) => {
        await closeOwner(tx, ownerOf(operation), operation.id);
        return DONE;
      }),

    reopenOwner: (step) =>
      inStep(source, step, async (tx, operation) => {
        await reopenOwner(tx, ownerOf(operation), operation.id);
        return DONE;
      }),

    async cleanUp(step) {
      const { operation, leftovers, children } = await inStep(source, step, async (tx, found) => {
        await freePublicIpsOfOwner(tx, ownerOf(found));
        return {
          operation: found,
          leftovers: await readLeftovers(tx, ownerOf(found)),
          children: await readChildren(tx, found.id),
        };
      });
      const removals = children.map((child) => ({ ...child, isOpen: isOpen(child) }));
      const decision = decideCleanUp({ leftovers, removals }, RULES);
      if (decision.kind === 'clean') return DONE;
      if (decision.kind === 'hopeless') {
        const more = decision.reasons.length > NAMED ? `; and ${decision.reasons.length - NAMED} more` : '';
        const named = decision.reasons.slice(0, NAMED).join('; ');
        throw new DurastackError('CONFLICT', `These could not be removed: ${named}${more}.`);
      }
      for (const [offset, leftover] of decision.start.entries())
        await askToGo(source, { step, operation, index: children.length + offset, leftover });
      const [first] = leftovers;
      return pending(POLL_MS, `${leftovers.length} things are left, first the ${first?.type} ${first?.name}`);
    },

    async stopCleanUp(step) {
      const parent = await inStep(source, step, async (_, { id }) => id);
      const left = await cancelChildren(source, parent, 'the removal of its owner was not carried through');
      return left.length === 0 ? DONE : pending(POLL_MS, `${left.length} removals are being ended`);
    },

    removeOwner: (step) =>
      inStep(source, step, async (tx, operation) => {
        await removeOwner(tx, ownerOf(operation));
        return DONE;
      }),
  };
}

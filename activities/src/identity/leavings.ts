import type { Command } from '@durastack/contracts/command';
import { expungeVirtualMachine } from '@durastack/contracts/compute/expunge-virtual-machine';
import { invariant, isDurastackError } from '@durastack/contracts/errors';
import { deleteAccount } from '@durastack/contracts/identity/delete-account';
import { deleteDomain } from '@durastack/contracts/identity/delete-domain';
import { deleteProject } from '@durastack/contracts/identity/delete-project';
import { deleteTemplate } from '@durastack/contracts/image/delete-template';
import { deleteNetwork } from '@durastack/contracts/network/delete-network';
import type { StepRef } from '@durastack/contracts/operations/step';
import type { ResourceType } from '@durastack/contracts/resources';
import { deleteVolume } from '@durastack/contracts/storage/delete-volume';
import type { Leftover } from '@durastack/model/identity/decide-clean-up';
import { acceptVmOperation } from '@durastack/store/compute/accept-vm-operation';
import { autocommit, type Tx } from '@durastack/store/database/transaction';
import { callerOfOperation } from '@durastack/store/identity/operation-caller';
import { accept, type AcceptRequest } from '@durastack/store/operations/accept';
import type { OperationRow } from '@durastack/store/operations/operation-row';
import { noteStep } from '@durastack/store/operations/run';
import { tableOf } from '@durastack/store/operations/state-rows';
import type { DataSource } from 'typeorm';

const COMMANDS: Partial<Record<ResourceType, Command>> = {
  'virtual-machine': expungeVirtualMachine,
  volume: deleteVolume,
  network: deleteNetwork,
  template: deleteTemplate,
  project: deleteProject,
  account: deleteAccount,
  domain: deleteDomain,
};

/** Something that is to go. */
interface Going {
  readonly step: StepRef;
  readonly operation: OperationRow;
  readonly index: number;
  readonly leftover: Leftover;
}

/** Whose it is: events of its removal are the owner's. What holds others is removed for who asked for it. */
async function ownerOf(tx: Tx, { leftover }: Going): Promise<Pick<AcceptRequest, 'owner' | 'zoneId'>> {
  const [row] = await tx.query<{ account_id?: string; domain_id?: string; zone_id?: string }>(
    `SELECT * FROM ${tableOf(leftover.type)} WHERE id = ?`,
    [leftover.id],
  );
  if (row?.zone_id === undefined || row.account_id === undefined || row.domain_id === undefined) return {};
  return { owner: { accountId: row.account_id, domainId: row.domain_id }, zoneId: row.zone_id };
}

/** Accepts the operation that removes a thing, as a child; one that has gone needs none. */
export async function askToGo(source: DataSource, going: Going): Promise<void> {
  const { step, operation, index, leftover } = going;
  const { type, id, name } = leftover;
  const command = COMMANDS[type];
  invariant(command?.operation, `Nothing removes a ${type}.`);
  const tx = autocommit(source);
  const caller = await callerOfOperation(tx, operation);
  const parent = { operationId: operation.id, index };
  // A late attempt of a run that is over asks for nothing more.
  const write = (inner: Tx) => noteStep(inner, step);
  const { owner, zoneId } = await ownerOf(tx, going);
  try {
    if (type === 'virtual-machine') {
      const removal = { command, vmId: id, desiredPower: 'off', parent, write } as const;
      await acceptVmOperation(source, { caller, owner: owner ?? caller }, removal);
      return;
    }
    await accept(source, {
      ...{ command, caller, parent, write, resource: { type, id }, resourceName: name },
      ...(owner ? { owner } : {}),
      ...(zoneId === undefined ? {} : { zoneId }),
      locks: command.operation.locks[type] === undefined ? [] : [{ type, id }],
      input: {},
    });
  } catch (error) {
    if (!isDurastackError(error, 'NOT_FOUND')) throw error;
  }
}

/** Rows of lost hosts and their machines, for specs. */
import { newId } from '@durastack/kit/ids/new-id';
import { insertRow } from '../database/rows.js';
import type { Tx } from '../database/transaction.js';

type Row = Readonly<Record<string, unknown>>;

const created_at = new Date();
/** Whose all of it is. */
const NOBODY = newId();
const OWNER = { account_id: NOBODY, domain_id: NOBODY };

/** An operation past its pivot. @returns its id */
export async function insertOperation(tx: Tx, row: Row): Promise<string> {
  const id = newId();
  await insertRow(tx, 'operation', {
    ...{ id, resource_id: newId(), run: 1, summary: '', direction: 'past-pivot', ...OWNER },
    ...{ lifecycle_json: '{}', input_json: '{}', touched_at: created_at, created_at, ...row },
  });
  return id;
}

/** A machine that is to run (unless `vm` says otherwise), of a host that an operation fails over; proven dead. @returns its id */
export async function insertLostMachine(
  tx: Tx,
  { host_id, operation_id, ...lost }: Row & { readonly host_id: string; readonly operation_id: string },
  vm: Row = {},
): Promise<string> {
  const id = newId();
  await insertRow(tx, 'virtual_machine', {
    ...{ id, name: id, display_name: id, instance_name: id, ...OWNER, zone_id: NOBODY, host_id, desired_power: 'on' },
    ...{ template_id: NOBODY, service_offering_id: NOBODY, cpu_count: 1, cpu_mhz: 500, memory_mib: 64 },
    ...{ state: 'Running', observed_power: 'running', display_vm: 1, created_at, ...vm },
  });
  await insertRow(tx, 'lost_machine', {
    ...{ id: newId(), vm_id: id, host_id, operation_id, wants_restart: 1, priority: 5, attempts: 0 },
    ...{ proven_at: created_at, settled: 0, created_at, ...lost },
  });
  return id;
}

/** Damage for the doctor to find: one way, or more, to bring about every kind of finding. */
import type { PoolSpec } from '@durastack/contracts/agent/specs';
import { POOL_SPEC_COLUMNS, toPoolSpec, type PoolSpecRow } from '@durastack/store/storage/pool-spec';
import type { AgentClient } from '@durastack/kit/agent-client/agent-client';
import type { FindingKindName } from '@durastack/activities/doctor/finding-kinds';
import { newId } from '@durastack/kit/ids/new-id';
import type { Tx } from '@durastack/store/database/transaction';
import { deployed, stop, settle, type Ground } from '../crash/ground.js';

/** What a plan of damage works on. */
export interface Scene {
  readonly ground: Ground;
  readonly db: Tx;
  readonly client: AgentClient;
}

/** Brings damage about. */
export interface Damage {
  readonly title: string;
  /** Everything that is found then, in any order. */
  readonly kinds: readonly FindingKindName[];
  /** Each must occur in what is said. */
  readonly words: readonly string[];
  readonly plant: (scene: Scene) => Promise<Planted>;
}

/** Damage that is there. */
export interface Planted {
  /** For damage that `--fix` leaves alone. */
  readonly restore?: () => Promise<unknown>;
  /** Looks through this instead: a host that tells something else. */
  readonly client?: AgentClient;
}

export const NEWER_THAN_ALL = { controlEpoch: 1, generation: 1_000_000, step: 0 };
export const NEWEST = { ...NEWER_THAN_ALL, step: 1 };

export const change = async (db: Tx, sql: string, undo: string, values: readonly unknown[]): Promise<Planted> => {
  await db.execute(sql, values);
  return { restore: () => db.execute(undo, values) };
};

/** An operation's row; its id. */
export async function operation(
  { db, ground }: Scene,
  values: { state: string; on?: string; type?: string },
): Promise<string> {
  const id = newId();
  const { accountId, domainId } = ground.world.call.caller;
  await db.execute(
    `INSERT INTO operation (id, kind, state, run, direction, resource_type, resource_id, summary, account_id, domain_id, lifecycle_json, input_json,
       error_message, created_at, touched_at)
     VALUES (?, 'stopVirtualMachine', ?, 1, 'forward', ?, ?, 'Stop web-1 for acme/alice', ?, ?, '{}', '{}', 'the disk is full', NOW(3), NOW(3))`,
    [id, values.state, values.type ?? 'virtual-machine', values.on ?? newId(), accountId, domainId],
  );
  return id;
}

export const lockRow = (db: Tx, operationId: string, networkId: string): Promise<unknown> =>
  db.execute(
    "INSERT INTO operation_lock (operation_id, resource_type, resource_id, mode, seq) VALUES (?, 'network', ?, 'shared', 1)",
    [operationId, networkId],
  );

export async function hostOf({ db }: Scene, vmId: string): Promise<{ id: string; url: string }> {
  const [row] = await db.query<{ id: string; url: string }>(
    'SELECT h.id, h.agent_url AS url FROM virtual_machine v JOIN host h ON h.id = v.host_id WHERE v.id = ?',
    [vmId],
  );
  return row!;
}

interface RootVolume {
  readonly id: string;
  readonly sizeBytes: number;
  readonly pool: PoolSpec;
}

export async function anyVolume({ db, ground }: Scene): Promise<RootVolume> {
  const [row] = await db.query<PoolSpecRow>(`SELECT ${POOL_SPEC_COLUMNS} FROM storage_pool p WHERE p.id = ?`, [
    ground.poolId,
  ]);
  return { id: newId(), sizeBytes: 1_048_576, pool: toPoolSpec(row!) };
}

export async function firstHost({ db, ground }: Scene): Promise<{ id: string; url: string }> {
  const [row] = await db.query<{ id: string; url: string }>('SELECT id, agent_url AS url FROM host WHERE id = ?', [
    ground.hostIds[0],
  ]);
  return row!;
}

/** A volume's file without what should belong to it; the row is the caller's. */
export async function file(scene: Scene, volume: RootVolume): Promise<Planted> {
  const host = await firstHost(scene);
  await scene.client.call(host, 'ensureVolume', { volume }, { token: NEWER_THAN_ALL });
  const { id: volumeId, pool } = volume;
  return { restore: () => scene.client.call(host, 'ensureVolumeGone', { volumeId, pool }, { token: NEWEST }) };
}

export async function volumeRow({ db, ground }: Scene, { id, sizeBytes }: RootVolume, state: string): Promise<void> {
  const { accountId, domainId } = ground.world.call.caller;
  await db.execute(
    `INSERT INTO volume (id, name, account_id, domain_id, zone_id, pool_id, kind, size_bytes, state, created_at)
     VALUES (?, 'ROOT-9', ?, ?, ?, ?, 'DATA', ?, ?, NOW(3))`,
    [id, accountId, domainId, ground.zoneId, ground.poolId, sizeBytes, state],
  );
}

/** The client of hosts that tell something else in their inventories. */
export function telling(client: AgentClient, alter: (inventory: never) => unknown): AgentClient {
  const call = async (...of: Parameters<AgentClient['call']>) => {
    const result = await client.call(...of);
    return of[1] === 'getInventory' ? alter(result as never) : result;
  };
  return { ...client, call: call as AgentClient['call'] };
}

export async function stopped(ground: Ground): Promise<string> {
  const id = await deployed(ground);
  await settle(ground, 'stopVirtualMachine', await stop(ground, id));
  return id;
}

/** A network's row on the bridge of another; its id. */
export async function network(
  { db, ground }: Scene,
  values: { cidr: string; bridge?: string; state?: string },
): Promise<string> {
  const id = newId();
  await db.execute(
    `INSERT INTO network (id, name, display_text, account_id, domain_id, zone_id, kind, acl, driver, bridge, vlan, cidr, gateway, start_ip, end_ip, state, created_at)
     SELECT ?, 'twin', '', account_id, domain_id, zone_id, kind, acl, driver, COALESCE(?, bridge), vlan, ?, gateway, start_ip, end_ip, ?, NOW(3) FROM network WHERE id = ?`,
    [id, values.bridge ?? null, values.cidr, values.state ?? 'Implemented', ground.networkId],
  );
  return id;
}

export async function nic(db: Tx, values: { vmId: string; networkId: string; ip: string }): Promise<string> {
  const id = newId();
  const mac = id.slice(-12).replaceAll(/(..)(?=.)/g, '$1:');
  await db.execute(
    "INSERT INTO nic (id, vm_id, network_id, mac, ip, tap, created_at) VALUES (?, ?, ?, ?, ?, 'tap0', NOW(3))",
    [id, values.vmId, values.networkId, mac, values.ip],
  );
  return id;
}

export const remove = (db: Tx, table: string, id: string) => () =>
  db.execute(`DELETE FROM ${table} WHERE id = ?`, [id]);

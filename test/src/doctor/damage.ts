/** Damage for the doctor to find: one way, or more, to bring about every kind of finding. */
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { AgentClient } from '@durastack/kit/agent-client/agent-client';
import type { FindingKindName } from '@durastack/activities/doctor/finding-kinds';
import { createAuthority } from '@durastack/kit/tls/certificate-authority';
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

const NEWER_THAN_ALL = { controlEpoch: 1, generation: 1_000_000, step: 0 };
const NEWEST = { ...NEWER_THAN_ALL, step: 1 };

const change = async (db: Tx, sql: string, undo: string, values: readonly unknown[]): Promise<Planted> => {
  await db.execute(sql, values);
  return { restore: () => db.execute(undo, values) };
};

/** An operation's row; its id. */
async function operation(
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

const lockRow = (db: Tx, operationId: string, networkId: string): Promise<unknown> =>
  db.execute(
    "INSERT INTO operation_lock (operation_id, resource_type, resource_id, mode, seq) VALUES (?, 'network', ?, 'shared', 1)",
    [operationId, networkId],
  );

async function hostOf({ db }: Scene, vmId: string): Promise<{ id: string; url: string }> {
  const [row] = await db.query<{ id: string; url: string }>(
    'SELECT h.id, h.agent_url AS url FROM virtual_machine v JOIN host h ON h.id = v.host_id WHERE v.id = ?',
    [vmId],
  );
  return row!;
}

interface RootVolume {
  readonly id: string;
  readonly sizeBytes: number;
  readonly pool: { id: string; kind: 'directory' | 'shared-mount-point'; path: string };
}

async function anyVolume({ db, ground }: Scene): Promise<RootVolume> {
  const [pool] = await db.query<RootVolume['pool']>('SELECT id, kind, path FROM storage_pool WHERE id = ?', [
    ground.poolId,
  ]);
  return { id: newId(), sizeBytes: 1_048_576, pool: { ...pool! } };
}

async function firstHost({ db, ground }: Scene): Promise<{ id: string; url: string }> {
  const [row] = await db.query<{ id: string; url: string }>('SELECT id, agent_url AS url FROM host WHERE id = ?', [
    ground.hostIds[0],
  ]);
  return row!;
}

/** A volume's file without what should belong to it; the row is the caller's. */
async function file(scene: Scene, volume: RootVolume): Promise<Planted> {
  const host = await firstHost(scene);
  await scene.client.call(host, 'ensureVolume', { volume }, { token: NEWER_THAN_ALL });
  const { id: volumeId, pool } = volume;
  return { restore: () => scene.client.call(host, 'ensureVolumeGone', { volumeId, pool }, { token: NEWEST }) };
}

async function volumeRow({ db, ground }: Scene, { id, sizeBytes }: RootVolume, state: string): Promise<void> {
  const { accountId, domainId } = ground.world.call.caller;
  await db.execute(
    `INSERT INTO volume (id, name, account_id, domain_id, zone_id, pool_id, kind, size_bytes, state, created_at)
     VALUES (?, 'ROOT-9', ?, ?, ?, ?, 'DATA', ?, ?, NOW(3))`,
    [id, accountId, domainId, ground.zoneId, ground.poolId, sizeBytes, state],
  );
}

/** The client of hosts that tell something else in their inventories. */
function telling(client: AgentClient, alter: (inventory: never) => unknown): AgentClient {
  const call = async (...of: Parameters<AgentClient['call']>) => {
    const result = await client.call(...of);
    return of[1] === 'getInventory' ? alter(result as never) : result;
  };
  return { ...client, call: call as AgentClient['call'] };
}

async function stopped(ground: Ground): Promise<string> {
  const id = await deployed(ground);
  await settle(ground, 'stopVirtualMachine', await stop(ground, id));
  return id;
}

/** A network's row on the bridge of another; its id. */
async function network(
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

async function nic(db: Tx, values: { vmId: string; networkId: string; ip: string }): Promise<string> {
  const id = newId();
  const mac = id.slice(-12).replaceAll(/(..)(?=.)/g, '$1:');
  await db.execute(
    "INSERT INTO nic (id, vm_id, network_id, mac, ip, tap, created_at) VALUES (?, ?, ?, ?, ?, 'tap0', NOW(3))",
    [id, values.vmId, values.networkId, mac, values.ip],
  );
  return id;
}

const remove = (db: Tx, table: string, id: string) => () => db.execute(`DELETE FROM ${table} WHERE id = ?`, [id]);

const OPERATIONS: readonly Damage[] = [
  {
    title: 'an operation that needs attention',
    kinds: ['operation-needs-attention'],
    words: ['Stop web-1 for acme/alice', 'the disk is full'],
    async plant(scene) {
      const id = await operation(scene, { state: 'needs-attention' });
      return { restore: remove(scene.db, 'operation', id) };
    },
  },
  {
    title: 'a queued operation with nothing before it',
    kinds: ['operation-behind-nothing'],
    words: ['is queued, and nothing is before it'],
    async plant(scene) {
      const id = await operation(scene, { state: 'queued' });
      return { restore: remove(scene.db, 'operation', id) };
    },
  },
  {
    title: 'a lock of an operation that has ended',
    kinds: ['lock-without-operation'],
    words: ['network', 'which is failed'],
    async plant(scene) {
      await lockRow(scene.db, await operation(scene, { state: 'failed' }), scene.ground.networkId);
      return {};
    },
  },
  {
    title: 'a claim of an operation that never was',
    kinds: ['claim-without-operation'],
    words: ['which does not exist'],
    async plant({ db, ground }) {
      await db.execute(
        "INSERT INTO claim (resource_type, resource_id, operation_id, created_at) VALUES ('host', ?, ?, NOW(3))",
        [ground.hostIds[0], newId()],
      );
      return {};
    },
  },
  {
    title: 'a machine that notes an operation that has ended',
    kinds: ['operation-noted-not-open'],
    words: ['notes operation', 'which is succeeded'],
    async plant(scene) {
      const id = await deployed(scene.ground);
      await scene.db.execute('UPDATE virtual_machine SET operation_id = ? WHERE id = ?', [
        await operation(scene, { state: 'succeeded' }),
        id,
      ]);
      return {};
    },
  },
  {
    title: 'a network that was being set up when its operation vanished',
    kinds: ['state-without-operation'],
    words: ['network twin is Allocated'],
    async plant(scene) {
      const id = await network(scene, { cidr: '10.100.1.0/24', state: 'Allocated' });
      return { restore: remove(scene.db, 'network', id) };
    },
  },
  {
    title: 'operations that no worker starts',
    kinds: ['workers-silent'],
    words: ['1 operations wait to be started'],
    async plant(scene) {
      const id = await operation(scene, { state: 'granted' });
      await scene.db.execute('UPDATE operation SET touched_at = NOW(3) - INTERVAL 2 MINUTE WHERE id = ?', [id]);
      return { restore: remove(scene.db, 'operation', id) };
    },
  },
  {
    title: 'a REST call that was never answered',
    kinds: ['idempotency-key-forgotten'],
    words: ['was never answered'],
    async plant({ db, ground }) {
      await db.execute(
        'INSERT INTO idempotency_key (user_id, key_sha256, request_sha256, created_at) VALUES (?, ?, ?, NOW(3) - INTERVAL 1 HOUR)',
        [ground.world.call.caller.userId, 'ab'.repeat(32), 'cd'.repeat(32)],
      );
      return {};
    },
  },
  {
    title: 'a recovery that is under way',
    kinds: ['recovery-active'],
    words: ['an old backup'],
    plant: ({ db }) =>
      change(
        db,
        "INSERT INTO setting (name, value) VALUES ('recovery', ?)",
        "DELETE FROM setting WHERE name = 'recovery' AND value = ?",
        [JSON.stringify({ startedAt: '2026-01-01T00:00:00.000Z', reason: 'an old backup', confirmed: true })],
      ),
  },
  {
    title: 'what was left by an operation that was given up',
    kinds: ['left-by-given-up'],
    words: ['which was given up'],
    async plant(scene) {
      const resourceId = newId();
      const operationId = await operation(scene, { state: 'failed', on: resourceId, type: 'virtual-machine' });
      return change(
        scene.db,
        `INSERT INTO remnant (id, operation_id, operation_seq, resource_type, resource_id, kind, host_id, created_at)
         VALUES (?, ?, 1, 'virtual-machine', ?, 'domain', ?, NOW(3))`,
        'DELETE FROM remnant WHERE id = ? AND operation_id = ? AND resource_id = ? AND host_id = ?',
        [newId(), operationId, resourceId, newId()],
      );
    },
  },
  {
    title: 'what recovery left to a person',
    kinds: ['recovery-left'],
    words: ['nobody knows it'],
    plant: ({ db }) =>
      change(
        db,
        "INSERT INTO recovery_finding (kind, subject, message, created_at) VALUES ('volume-unknown', ?, 'nobody knows it', NOW(3))",
        'DELETE FROM recovery_finding WHERE subject = ?',
        [`volume:${newId()}`],
      ),
  },
];

const onHost = (title: string, more: Omit<Damage, 'title' | 'plant'> & { set: string; reset: string }): Damage => ({
  title,
  ...more,
  plant: ({ db, ground }) =>
    change(db, `UPDATE host SET ${more.set} WHERE id = ?`, `UPDATE host SET ${more.reset} WHERE id = ?`, [
      ground.hostIds[0],
    ]),
});

const HOSTS: readonly Damage[] = [
  {
    title: 'a host that does not answer, with a pool of its own',
    kinds: ['host-unreachable', 'pool-unread'],
    words: ['ECONNREFUSED', 'No host could tell what is on pool'],
    async plant({ db, ground }) {
      const [hostId, poolId] = [newId(), newId()];
      const columns = 'name, zone_id, pod_id, cluster_id, hypervisor, allocation_state, created_at';
      await db.execute(
        `INSERT INTO host (id, state, agent_url, ${columns}) SELECT ?, 'Up', 'agent://127.0.0.1:9', ${columns} FROM host WHERE id = ?`,
        [hostId, ground.hostIds[0]],
      );
      const pool = 'name, zone_id, kind, path, allocation_state, created_at';
      await db.execute(
        `INSERT INTO storage_pool (id, host_id, state, scope, ${pool}) SELECT ?, ?, 'Up', 'HOST', ${pool} FROM storage_pool WHERE id = ?`,
        [poolId, hostId, ground.poolId],
      );
      return {
        restore: () => Promise.all([remove(db, 'host', hostId)(), remove(db, 'storage_pool', poolId)()]),
      };
    },
  },
  onHost('a host that is not who it should be', {
    kinds: ['host-certificate-wrong'],
    words: ['incarnation'],
    set: 'incarnation = incarnation + 1',
    reset: 'incarnation = incarnation - 1',
  }),
  onHost('a host that does not report', {
    kinds: ['host-silent'],
    words: ['Disconnected, but its agent answers'],
    set: "state = 'Disconnected'",
    reset: "state = 'Up'",
  }),
  onHost('a certificate that ends soon', {
    kinds: ['host-certificate-expires'],
    words: ['ends at'],
    set: 'certificate_expires_at = NOW(3) + INTERVAL 3 DAY',
    reset: 'certificate_expires_at = NOW(3) + INTERVAL 300 DAY',
  }),
  onHost('secrets of an enrolment', {
    kinds: ['host-enrolment-left'],
    words: ['is still kept'],
    set: "enrolment_sealed = 'x'",
    reset: 'enrolment_sealed = NULL',
  }),
  {
    title: 'somebody else behind the address of a host',
    kinds: ['host-certificate-wrong'],
    words: ['self-signed'],
    async plant({ db, ground }) {
      const { certificatePem: cert, privateKeyPem: key } = await createAuthority('other');
      const server = createServer({ cert, key }).listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      const [hostId] = ground.hostIds;
      const [before] = await db.query<{ url: string }>('SELECT agent_url AS url FROM host WHERE id = ?', [hostId]);
      await db.execute('UPDATE host SET agent_url = ? WHERE id = ?', [`agent://127.0.0.1:${port}`, hostId]);
      return {
        async restore() {
          await db.execute('UPDATE host SET agent_url = ? WHERE id = ?', [before!.url, hostId]);
          server.close();
        },
      };
    },
  },
  {
    title: 'agents of another version',
    kinds: ['host-agent-version', 'host-agent-version', 'host-agent-version'],
    words: ['is version 0.0.1'],
    plant: async ({ client }) => ({
      restore: async () => undefined,
      client: telling(client, (inventory: { facts: object }) => ({
        ...inventory,
        facts: { ...inventory.facts, agentVersion: '0.0.1' },
      })),
    }),
  },
  {
    title: 'hosts that obey a newer epoch',
    kinds: ['host-epoch-ahead', 'host-epoch-ahead', 'host-epoch-ahead'],
    words: ['the database is at 0'],
    async plant({ db }) {
      const [row] = await db.query<{ value: string }>("SELECT value FROM setting WHERE name = 'control-epoch'");
      await db.execute("UPDATE setting SET value = '0' WHERE name = 'control-epoch'");
      return {
        restore: () => db.execute("UPDATE setting SET value = ? WHERE name = 'control-epoch'", [row!.value]),
      };
    },
  },
];

const MACHINES: readonly Damage[] = [
  {
    title: 'a machine that stopped by itself',
    kinds: ['machine-not-running'],
    words: ['is Running, but off on host'],
    async plant(scene) {
      const vmId = await deployed(scene.ground);
      await scene.client.call(await hostOf(scene, vmId), 'ensureVmStopped', { vmId }, { token: NEWER_THAN_ALL });
      return {};
    },
  },
  {
    title: 'a machine that QEMU paused',
    kinds: ['machine-paused'],
    words: ['is Running, but paused'],
    async plant({ client, ground }) {
      const id = await deployed(ground);
      return {
        restore: async () => undefined,
        client: telling(client, (inventory: { vms: { id: string }[] }) => ({
          ...inventory,
          vms: inventory.vms.map((vm) => (vm.id === id ? { ...vm, power: 'paused' } : vm)),
        })),
      };
    },
  },
  {
    title: 'a machine that was started behind our back',
    kinds: ['machine-runs-stopped'],
    words: ['is Stopped, but running'],
    async plant({ db, ground }) {
      await db.execute("UPDATE virtual_machine SET state = 'Stopped' WHERE id = ?", [await deployed(ground)]);
      return {};
    },
  },
  {
    title: 'a destroyed machine that runs',
    kinds: ['machine-should-not-run'],
    words: ['is Destroyed, but running'],
    plant: async ({ db, ground }) =>
      change(
        db,
        "UPDATE virtual_machine SET state = 'Destroyed' WHERE id = ?",
        "UPDATE virtual_machine SET state = 'Running' WHERE id = ?",
        [await deployed(ground)],
      ),
  },
  {
    title: 'a running machine that is on no host',
    kinds: ['machine-without-host'],
    words: ['is Running on no host'],
    plant: async ({ db, ground }) =>
      change(
        db,
        "UPDATE virtual_machine SET state = 'Running' WHERE id = ?",
        "UPDATE virtual_machine SET state = 'Stopped' WHERE id = ?",
        [await stopped(ground)],
      ),
  },
];

const STORAGE: readonly Damage[] = [
  {
    title: 'a disk that was removed by hand',
    kinds: ['volume-missing'],
    words: ['is Ready, but', 'does not exist'],
    async plant(scene) {
      const vmId = await deployed(scene.ground);
      const [row] = await scene.db.query<{ id: string; sizeBytes: number }>(
        'SELECT id, size_bytes AS sizeBytes FROM volume WHERE vm_id = ?',
        [vmId],
      );
      const volume = { ...(await anyVolume(scene)), ...row! };
      const host = await firstHost(scene);
      const { id: volumeId, pool } = volume;
      await scene.client.call(host, 'ensureVolumeGone', { volumeId, pool }, { token: NEWER_THAN_ALL });
      return { restore: () => scene.client.call(host, 'ensureVolume', { volume }, { token: NEWEST }) };
    },
  },
  {
    title: 'a file that belongs to no volume',
    kinds: ['volume-unknown'],
    words: ['belongs to no volume', 'qemu-img info'],
    plant: async (scene) => file(scene, await anyVolume(scene)),
  },
  {
    title: 'a volume that was removed and is still there',
    kinds: ['volume-not-removed'],
    words: ['is Expunged, but'],
    async plant(scene) {
      const volume = await anyVolume(scene);
      await volumeRow(scene, volume, 'Expunged');
      return file(scene, volume);
    },
  },
  {
    title: 'a volume that is there before its deploy',
    kinds: ['volume-before-its-time'],
    words: ['is Allocated, but'],
    async plant(scene) {
      const volume = await anyVolume(scene);
      await volumeRow(scene, volume, 'Allocated');
      return file(scene, volume);
    },
  },
  {
    title: 'a base image that was removed by hand',
    kinds: ['template-missing'],
    words: ['is recorded on pool'],
    async plant({ db, ground }) {
      await db.execute(
        'INSERT INTO template_on_pool (template_id, pool_id, created_at, ready_at) VALUES (?, ?, NOW(3), NOW(3))',
        [newId(), ground.poolId],
      );
      return {};
    },
  },
  {
    title: 'a base image that nobody put there',
    kinds: ['template-unknown'],
    words: ['is recorded for no template'],
    async plant({ db, ground }) {
      const where = 'WHERE template_id = ? AND pool_id = ?';
      const which = [ground.templateId, ground.poolId];
      await db.execute(`DELETE FROM template_on_pool ${where}`, which);
      return {
        restore: () =>
          db.execute(
            'INSERT INTO template_on_pool (template_id, pool_id, created_at, ready_at) VALUES (?, ?, NOW(3), NOW(3))',
            which,
          ),
      };
    },
  },
];

const CAPACITY: readonly Damage[] = [
  {
    title: 'capacity reserved for a machine that never was',
    kinds: ['reservation-orphan', 'counter-wrong'],
    words: ['which does not exist', 'counts'],
    async plant({ db, ground }) {
      await db.execute(
        "INSERT INTO reservation (owner_id, resource_type, resource_id, purpose, cpu_mhz, memory_mib, created_at) VALUES (?, 'host', ?, 'run', 5, 7, NOW(3))",
        [newId(), ground.hostIds[0]],
      );
      return {};
    },
  },
  {
    title: 'a machine and its disk that nothing is reserved for',
    kinds: ['reservation-missing', 'reservation-missing', 'counter-wrong', 'counter-wrong'],
    words: ['nothing is reserved for it there'],
    async plant({ db, ground }) {
      const id = await deployed(ground);
      await db.execute(
        'DELETE FROM reservation WHERE owner_id = ? OR owner_id IN (SELECT id FROM volume WHERE vm_id = ?)',
        [id, id],
      );
      return {};
    },
  },
  {
    title: 'counters that somebody changed',
    kinds: ['counter-wrong', 'counter-wrong'],
    words: ['as reserved; its reservations are'],
    async plant({ db, ground }) {
      await db.execute('UPDATE host SET memory_mib_reserved = memory_mib_reserved + 1 WHERE id = ?', [
        ground.hostIds[1],
      ]);
      await db.execute('UPDATE storage_pool SET reserved_bytes = reserved_bytes + 1 WHERE id = ?', [ground.poolId]);
      return {};
    },
  },
];

const ADDRESSES: readonly Damage[] = [
  {
    title: 'an address outside of its network',
    kinds: ['address-outside'],
    words: ['192.0.2.7', 'cannot be one of network'],
    async plant({ db, ground }) {
      const id = await nic(db, { vmId: await stopped(ground), networkId: ground.networkId, ip: '192.0.2.7' });
      return { restore: remove(db, 'nic', id) };
    },
  },
  {
    title: 'two machines with one address',
    kinds: ['address-duplicate'],
    words: ['belongs to several machines'],
    async plant(scene) {
      const { db, ground } = scene;
      const [one, other] = [await stopped(ground), await stopped(ground)];
      const [own] = await db.query<{ ip: string; cidr: string }>(
        'SELECT n.ip, w.cidr FROM nic n JOIN network w ON w.id = n.network_id WHERE n.vm_id = ?',
        [one],
      );
      const twin = await network(scene, { cidr: own!.cidr });
      const id = await nic(db, { vmId: other, networkId: twin, ip: own!.ip });
      return { restore: () => Promise.all([remove(db, 'nic', id)(), remove(db, 'network', twin)()]) };
    },
  },
  {
    title: 'an address of a machine that never was',
    kinds: ['address-orphan'],
    words: ['which does not exist'],
    async plant({ db, ground }) {
      const [row] = await db.query<{ end: string }>('SELECT end_ip AS end FROM network WHERE id = ?', [
        ground.networkId,
      ]);
      await nic(db, { vmId: newId(), networkId: ground.networkId, ip: row!.end });
      return {};
    },
  },
  {
    title: 'a network that a host with its machines does not have',
    kinds: ['network-missing'],
    words: ['which does not have the network'],
    async plant(scene) {
      const { db, ground } = scene;
      const vmId = await deployed(ground);
      const { id: hostId } = await hostOf(scene, vmId);
      const twin = await network(scene, { cidr: '10.222.0.0/24', bridge: 'br-twin' });
      const id = await nic(db, { vmId, networkId: twin, ip: '10.222.0.9' });
      await db.execute('INSERT INTO network_on_host (network_id, host_id, created_at) VALUES (?, ?, NOW(3))', [
        twin,
        hostId,
      ]);
      const forget = () => db.execute('DELETE FROM network_on_host WHERE network_id = ?', [twin]);
      return { restore: () => Promise.all([remove(db, 'nic', id)(), remove(db, 'network', twin)(), forget()]) };
    },
  },
  {
    title: 'a network that is left on a host',
    kinds: ['network-left'],
    words: ['which is not recorded there'],
    async plant({ db, ground }) {
      const which = [ground.networkId, ground.hostIds[0]];
      await db.execute('DELETE FROM network_on_host WHERE network_id = ? AND host_id = ?', which);
      return {
        restore: () =>
          db.execute('INSERT INTO network_on_host (network_id, host_id, created_at) VALUES (?, ?, NOW(3))', which),
      };
    },
  },
];

/** Every kind of damage that can be brought about on a host that is sound. */
export const DAMAGE: readonly Damage[] = [...OPERATIONS, ...HOSTS, ...MACHINES, ...STORAGE, ...CAPACITY, ...ADDRESSES];

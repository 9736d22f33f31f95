/** Damage for the doctor to find on hosts. */
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createAuthority } from '@durastack/kit/tls/certificate-authority';
import { newId } from '@durastack/kit/ids/new-id';
import { deployed } from '../crash/ground.js';
import { change, remove, telling, type Damage } from './damage.js';

const onHost = (title: string, more: Omit<Damage, 'title' | 'plant'> & { set: string; reset: string }): Damage => ({
  title,
  ...more,
  plant: ({ db, ground }) =>
    change(db, `UPDATE host SET ${more.set} WHERE id = ?`, `UPDATE host SET ${more.reset} WHERE id = ?`, [
      ground.hostIds[0],
    ]),
});

/** A machine of a lost host, whose start elsewhere was tried in vain. */
const waiting = (title: string, kind: 'machine-without-proof' | 'machine-without-room', provenAt: string): Damage => ({
  title,
  kinds: [kind],
  words: ['which is lost, and waits: the reason'],
  plant: async ({ db, ground }) => {
    const [id, vmId] = [newId(), await deployed(ground)];
    await db.execute(
      `INSERT INTO lost_machine (id, vm_id, host_id, operation_id, proven_at, wants_restart, attempts, reason, created_at)
       SELECT ?, id, host_id, ?, ${provenAt}, 1, 1, 'the reason', NOW(3) FROM virtual_machine WHERE id = ?`,
      [id, newId(), vmId],
    );
    return { restore: remove(db, 'lost_machine', id) };
  },
});

/** Damage to hosts: who they are, and whom they obey. */
export const HOST_DAMAGE: readonly Damage[] = [
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
      const pool = 'name, zone_id, kind, path, monitors, ceph_user, allocation_state, created_at';
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
  onHost('a maintenance that nobody carries out', {
    kinds: ['host-closed-by-nothing'],
    words: ['is being emptied for maintenance', 'no operation does so'],
    set: "allocation_state = 'PrepareForMaintenance', allocation_before = 'Enabled', maintenance_operation_id = UUID()",
    reset: "allocation_state = 'Enabled', allocation_before = NULL, maintenance_operation_id = NULL",
  }),
  waiting('a machine of a lost host whose death nothing proves', 'machine-without-proof', 'NULL'),
  waiting('a machine of a lost host for which there is no room', 'machine-without-room', 'NOW(3)'),
  onHost('secrets of an enrolment', {
    kinds: ['host-enrolment-left'],
    words: ['is still kept'],
    set: "enrolment_sealed = 'x'",
    reset: 'enrolment_sealed = NULL',
  }),
  {
    title: 'somebody else behind the address of a host',
    kinds: ['host-certificate-wrong'],
    words: ['INVALID_PURPOSE'],
    async plant({ db, ground }) {
      const { certificatePem: cert, privateKeyPem: key } = await createAuthority('other');
      const server = createServer({ cert, key }).listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      const hostId = newId();
      const columns = 'name, zone_id, pod_id, cluster_id, hypervisor, allocation_state, created_at';
      await db.execute(
        `INSERT INTO host (id, state, agent_url, ${columns}) SELECT ?, 'Up', ?, ${columns} FROM host WHERE id = ?`,
        [hostId, `agent://127.0.0.1:${port}`, ground.hostIds[0]],
      );
      return {
        async restore() {
          await remove(db, 'host', hostId)();
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

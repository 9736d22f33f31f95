/** Damage for the doctor to find in what tenants have. */
import { newId } from '@durastack/kit/ids/new-id';
import { deployed } from '../crash/ground.js';
import {
  NEWER_THAN_ALL,
  NEWEST,
  anyVolume,
  change,
  file,
  firstHost,
  hostOf,
  network,
  nic,
  remove,
  stopped,
  telling,
  volumeRow,
  type Damage,
} from './damage.js';

/** Damage to machines, volumes, capacity and addresses. */
export const RESOURCE_DAMAGE: readonly Damage[] = [
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
    words: ['belongs to no volume', 'rbd info'],
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
    title: 'a secondary address of an interface that is gone',
    kinds: ['address-orphan'],
    words: ['is held by the interface', 'which does not exist'],
    async plant({ db, ground }) {
      const [row] = await db.query<{ gateway: string }>('SELECT gateway FROM network WHERE id = ?', [ground.networkId]);
      await db.execute(
        'INSERT INTO nic_secondary_ip (id, nic_id, network_id, ip, created_at) VALUES (?, ?, ?, ?, NOW(3))',
        [newId(), newId(), ground.networkId, row!.gateway.replace(/\d+$/, '252')],
      );
      return {};
    },
  },
  {
    title: 'an address of a machine that never was',
    kinds: ['address-orphan'],
    words: ['which does not exist'],
    async plant({ db, ground }) {
      const [row] = await db.query<{ gateway: string }>('SELECT gateway FROM network WHERE id = ?', [ground.networkId]);
      // Behind the range that deploys choose from.
      await nic(db, { vmId: newId(), networkId: ground.networkId, ip: row!.gateway.replace(/\d+$/, '253') });
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

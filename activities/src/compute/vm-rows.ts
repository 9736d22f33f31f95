/** Reads of a machine and what belongs to it, as steps need them. */
import type { DataVolumeSpec, DiscSpec, NicSpec, PoolSpec, VmSpec } from '@durastack/contracts/agent/specs';
import { DurastackError, invariant } from '@durastack/contracts/errors';
import type { SecretBox } from '@durastack/kit/secrets/secret-box';
import { growthRoom } from '@durastack/contracts/compute/growth-room';
import type { Tx } from '@durastack/store/database/transaction';
import { readNetworkSpecs } from '@durastack/store/network/fabric';
import { readSecondaryIps } from '@durastack/store/network/secondary-ips';
import { POOL_SPEC_COLUMNS, toPoolSpec, type PoolSpecRow } from '@durastack/store/storage/pool-spec';

/** A machine's row, as far as steps use it. */
export interface VmRow {
  readonly id: string;
  readonly name: string;
  readonly instanceName: string;
  readonly zoneId: string;
  readonly hostId: string | null;
  readonly lastHostId: string | null;
  readonly requestedHostId: string | null;
  readonly templateId: string;
  /** In its CD drive. */
  readonly isoId: string | null;
  readonly serviceOfferingId: string;
  readonly cpuCount: number;
  readonly cpuMhz: number;
  readonly memoryMib: number;
  readonly userDataSealed: string | null;
  readonly userDataDetailsSealed: string | null;
  readonly seedResets: number;
  readonly publicKeys: string | null;
  /** 1: it is started with room to grow. */
  readonly mayGrow: number;
}

/** A machine's root volume. */
export interface RootVolumeRow {
  readonly id: string;
  readonly poolId: string | null;
  readonly templateId: string | null;
  readonly sizeBytes: number;
  readonly state: string;
}

const VM_COLUMNS = `v.id, v.name, v.instance_name AS instanceName, v.zone_id AS zoneId, v.host_id AS hostId, v.last_host_id AS lastHostId,
  v.requested_host_id AS requestedHostId, v.template_id AS templateId, v.iso_id AS isoId, v.service_offering_id AS serviceOfferingId, v.cpu_count AS cpuCount,
  v.cpu_mhz AS cpuMhz, v.memory_mib AS memoryMib, v.user_data_sealed AS userDataSealed,
  v.user_data_details_sealed AS userDataDetailsSealed, v.seed_resets AS seedResets, v.public_keys AS publicKeys,
  (SELECT o.dynamic_scaling AND t.is_dynamically_scalable FROM service_offering o JOIN template t WHERE o.id = v.service_offering_id AND t.id = v.template_id) AS mayGrow`;

/** The machine. NOT_FOUND when there is none. */
export async function readVm(tx: Tx, id: string): Promise<VmRow> {
  const rows = await tx.query<VmRow>(`SELECT ${VM_COLUMNS} FROM virtual_machine v WHERE v.id = ?`, [id]);
  if (!rows[0]) throw new DurastackError('NOT_FOUND', `There is no virtual machine ${id}.`);
  return rows[0];
}

/** The machine with its root volume, and the pool of that if one was chosen; in one query, for the steps of every start. */
export async function readVmAndDisk(
  tx: Tx,
  vmId: string,
): Promise<{ vm: VmRow; volume: RootVolumeRow; pool: PoolSpec | undefined }> {
  type Raw = VmRow & {
    volumeId: string;
    poolId: string | null;
    volumeTemplateId: string | null;
    sizeBytes: number;
    volumeState: string;
    poolKind: string | null;
    path: string;
    monitors: string | null;
    cephUser: string | null;
  };
  const rows = await tx.query<Raw>(
    `SELECT ${VM_COLUMNS}, d.id AS volumeId, d.pool_id AS poolId, d.template_id AS volumeTemplateId, d.size_bytes AS sizeBytes, d.state AS volumeState,
       p.kind AS poolKind, p.path, p.monitors, p.ceph_user AS cephUser
     FROM virtual_machine v JOIN volume d ON d.vm_id = v.id AND d.kind = 'ROOT' LEFT JOIN storage_pool p ON p.id = d.pool_id WHERE v.id = ?`,
    [vmId],
  );
  if (!rows[0]) throw new DurastackError('NOT_FOUND', `There is no virtual machine ${vmId} with a root volume.`);
  const { volumeId, poolId, volumeTemplateId, sizeBytes, volumeState, poolKind, path, monitors, cephUser, ...vm } =
    rows[0];
  const volume = { id: volumeId, poolId, templateId: volumeTemplateId, sizeBytes, state: volumeState };
  const pool = poolId && poolKind ? toPoolSpec({ id: poolId, kind: poolKind, path, monitors, cephUser }) : undefined;
  return { vm, volume, pool };
}

/** Its root volume, which every machine has for life. */
export async function readRootVolume(tx: Tx, vmId: string): Promise<RootVolumeRow> {
  const rows = await tx.query<RootVolumeRow>(
    "SELECT id, pool_id AS poolId, template_id AS templateId, size_bytes AS sizeBytes, state FROM volume WHERE vm_id = ? AND kind = 'ROOT'",
    [vmId],
  );
  invariant(rows[0], `The virtual machine ${vmId} has no root volume.`);
  return rows[0];
}

/** The data disks of a machine that exist, in the order of their positions. */
export async function readDataVolumes(tx: Tx, vmId: string): Promise<DataVolumeSpec[]> {
  type Raw = PoolSpecRow & { volumeId: string; deviceId: number; sizeBytes: number };
  const rows = await tx.query<Raw>(
    `SELECT d.id AS volumeId, d.device_id AS deviceId, d.size_bytes AS sizeBytes, ${POOL_SPEC_COLUMNS}
     FROM volume d JOIN storage_pool p ON p.id = d.pool_id WHERE d.vm_id = ? AND d.kind = 'DATADISK' AND d.state = 'Ready' ORDER BY d.device_id`,
    [vmId],
  );
  return rows.map(({ volumeId, deviceId, sizeBytes, ...pool }) => ({
    volume: { id: volumeId, pool: toPoolSpec(pool), sizeBytes },
    deviceId,
  }));
}

/** A pool as hosts reach it. */
export async function readPool(tx: Tx, poolId: string): Promise<PoolSpec> {
  const rows = await tx.query<PoolSpecRow>(`SELECT ${POOL_SPEC_COLUMNS} FROM storage_pool p WHERE p.id = ?`, [poolId]);
  if (!rows[0]) throw new DurastackError('NOT_FOUND', `There is no storage pool ${poolId}.`);
  return toPoolSpec(rows[0]);
}

/** The image store that holds a template. */
export async function readTemplateStore(tx: Tx, templateId: string): Promise<{ id: string; path: string }> {
  const rows = await tx.query<{ id: string; path: string }>(
    'SELECT s.id, s.path FROM template t JOIN image_store s ON s.id = t.store_id WHERE t.id = ?',
    [templateId],
  );
  invariant(rows[0], `The template ${templateId} is on no image store.`);
  return { id: rows[0].id, path: rows[0].path };
}

/** What a machine's CD drive is to hold, as hosts find it; nothing without an ISO. */
export async function readDisc(tx: Tx, isoId: string | null | undefined): Promise<{ disc?: DiscSpec }> {
  return isoId ? { disc: { isoId, store: await readTemplateStore(tx, isoId) } } : {};
}

interface NicRow {
  id: string;
  tap: string;
  mac: string;
  ip: string;
  isDefault: number;
  networkId: string;
}

/**
 * The machine's interfaces with their networks as that host is told of them, the default one first.
 *
 * @param withheldIpId a secondary address that the host is not told of
 */
export async function readNics(tx: Tx, vmId: string, hostId: string, withheldIpId?: string): Promise<NicSpec[]> {
  const rows = await tx.query<NicRow>(
    `SELECT id, tap, mac, ip, is_default AS isDefault, network_id AS networkId FROM nic
      WHERE vm_id = ? ORDER BY is_default DESC, id`,
    [vmId],
  );
  const networks = await readNetworkSpecs(tx, hostId, [...new Set(rows.map(({ networkId }) => networkId))]);
  const further = (await readSecondaryIps(tx, vmId)).filter(({ id }) => id !== withheldIpId);
  return rows.map(({ id, tap, mac, ip, isDefault, networkId }) => {
    const secondaryIps = further.flatMap((address) => (address.nicId === id ? address.ip : []));
    const network = networks.get(networkId);
    invariant(network, `The interface ${id} is on network ${networkId}, which does not exist.`);
    const addresses = { ip, ...(secondaryIps.length > 0 ? { secondaryIps } : {}) };
    return { id, tap, mac, ...addresses, isDefault: isDefault === 1, network };
  });
}

/**
 * Everything a host needs to run the machine. Holds user data in the clear: it goes to the agent and nowhere else.
 *
 * @param forHostId the host that is told, where it is not the one that the machine is on
 */
export async function readVmSpec(
  tx: Tx,
  box: SecretBox,
  vmId: string,
  forHostId?: string,
): Promise<{ spec: VmSpec; hostId: string }> {
  const { vm, volume, pool } = await readVmAndDisk(tx, vmId);
  invariant(vm.hostId, `The virtual machine ${vmId} has no host.`);
  invariant(pool, `The root volume of ${vmId} has no pool.`);
  const spec: VmSpec = {
    id: vm.id,
    domainName: vm.instanceName,
    vcpus: vm.cpuCount,
    cpuMhz: vm.cpuMhz,
    memoryMib: vm.memoryMib,
    ...(Number(vm.mayGrow) === 1 ? { growth: growthRoom({ vcpus: vm.cpuCount, memoryMib: vm.memoryMib }) } : {}),
    rootVolume: {
      id: volume.id,
      pool,
      sizeBytes: volume.sizeBytes,
      ...(volume.templateId ? { templateId: volume.templateId } : {}),
    },
    dataVolumes: await readDataVolumes(tx, vmId),
    nics: await readNics(tx, vmId, forHostId ?? vm.hostId),
    ...(await readDisc(tx, vm.isoId)),
    seed: {
      instanceId: vm.seedResets === 0 ? vm.id : `${vm.id}-${vm.seedResets}`,
      hostname: vm.name,
      publicKeys: (vm.publicKeys ?? '').split('\n').filter((line) => line !== ''),
      ...(vm.userDataSealed === null
        ? {}
        : { userDataBase64: box.open(vm.userDataSealed, `virtual-machine:${vm.id}`) }),
      ...(vm.userDataDetailsSealed === null
        ? {}
        : {
            variables: JSON.parse(box.open(vm.userDataDetailsSealed, `virtual-machine:${vm.id}`)) as Record<
              string,
              string
            >,
          }),
    },
  };
  return { spec, hostId: vm.hostId };
}

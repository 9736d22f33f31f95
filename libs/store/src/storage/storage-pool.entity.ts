import { Column, Entity, Index } from 'typeorm';
import { BigInt64, Id, Moment, Ref, Text } from '../database/columns.js';

/** A primary-storage pool (datastore). `reserved` is raised by the reservation transactions alone. */
@Entity('storage_pool')
@Index('storage_pool_natural_key', ['naturalKey'], { unique: true })
@Index('storage_pool_zone', ['zoneId', 'state'])
@Index('storage_pool_reach', ['zoneId', 'clusterId', 'hostId'])
@Index('storage_pool_host', ['hostId'])
// Which tags there are.
@Index('storage_pool_tags', ['tags', 'state'])
export class StoragePoolEntity {
  @Id() id!: string;
  @Text() name!: string;
  /** Zone and name; removed pools give it up. */
  @Text(255, { nullable: true }) naturalKey!: string | null;
  @Ref() zoneId!: string;
  @Ref({ nullable: true }) podId!: string | null;
  @Ref({ nullable: true }) clusterId!: string | null;
  /** Set for a local directory: only this host reaches it. */
  @Ref({ nullable: true }) hostId!: string | null;
  /** directory, shared-mount-point or rbd. */
  @Text(30) kind!: string;
  /** CLUSTER, ZONE or HOST. */
  @Text(20) scope!: string;
  /** The directory on hosts; of an rbd pool the name of its RADOS pool. */
  @Text(1024) path!: string;
  /** Of an rbd pool: host:port of each monitor, comma-joined. */
  @Text(2048, { nullable: true }) monitors!: string | null;
  /** Of an rbd pool: the cephx user of hosts, and its key, sealed. */
  @Text(128, { nullable: true }) cephUser!: string | null;
  @Text(1024, { nullable: true }) secretSealed!: string | null;
  /** Of an rbd pool: the cephx user that may blocklist addresses, and its key, sealed. Hosts never keep it. */
  @Text(128, { nullable: true }) fencingUser!: string | null;
  @Text(1024, { nullable: true }) fencingSecretSealed!: string | null;
  @Text(20) state!: string;
  @Text(20) allocationState!: string;
  @BigInt64({ default: 0 }) capacityBytes!: number;
  /** How many times its capacity it offers: the setting `storage.overprovisioning.factor`, as it counts for this pool. */
  @Column({ type: 'double', default: 2 }) overprovisioning!: number;
  @BigInt64({ default: 0 }) usedBytes!: number;
  @BigInt64({ default: 0 }) reservedBytes!: number;
  /**
   * Of a directory that hosts share: `proven` when on every host that is up QEMU was seen to be kept off an image that
   * QEMU of another host has open, else `not proven`; null: nobody has tried yet. When it was tried last.
   */
  @Text(20, { nullable: true }) locks!: string | null;
  @Moment({ nullable: true }) locksTriedAt!: Date | null;
  @Text(255, { nullable: true }) tags!: string | null;
  @Ref({ nullable: true }) operationId!: string | null;
  @Moment() createdAt!: Date;
}

import { Entity, Index } from 'typeorm';
import { BigInt64, Id, Moment, Ref, Text } from '../database/columns.js';

/** A primary-storage pool (datastore). `reserved` is raised by the reservation transactions alone. */
@Entity('storage_pool')
@Index('storage_pool_natural_key', ['naturalKey'], { unique: true })
@Index('storage_pool_zone', ['zoneId', 'state'])
@Index('storage_pool_reach', ['zoneId', 'clusterId', 'hostId'])
@Index('storage_pool_host', ['hostId'])
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
  /** directory or shared-mount-point. */
  @Text(30) kind!: string;
  /** CLUSTER, ZONE or HOST. */
  @Text(20) scope!: string;
  @Text(1024) path!: string;
  @Text(20) state!: string;
  @Text(20) allocationState!: string;
  @BigInt64({ default: 0 }) capacityBytes!: number;
  @BigInt64({ default: 0 }) usedBytes!: number;
  @BigInt64({ default: 0 }) reservedBytes!: number;
  @Text(255, { nullable: true }) tags!: string | null;
  @Ref({ nullable: true }) operationId!: string | null;
  @Moment() createdAt!: Date;
}

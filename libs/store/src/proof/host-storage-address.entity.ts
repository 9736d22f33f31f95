import { Entity, PrimaryColumn } from 'typeorm';
import { Id, Moment, Text } from '../database/columns.js';

/** An address by which a host reaches the cluster of an rbd pool, as the host itself reported it in a boot. */
@Entity('host_storage_address')
export class HostStorageAddressEntity {
  @Id() hostId!: string;
  @Id() poolId!: string;
  @PrimaryColumn({ type: 'varchar', length: 45 }) address!: string;
  @Text(64) bootId!: string;
  @Moment() createdAt!: Date;
}

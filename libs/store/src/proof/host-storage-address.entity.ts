import { Entity, PrimaryColumn } from 'typeorm';
import { Moment, Text } from '../database/columns.js';

/** An address by which a host reaches the cluster of an rbd pool, as the host itself reported it in a boot. */
@Entity('host_storage_address')
export class HostStorageAddressEntity {
  @PrimaryColumn({ type: 'char', length: 36 }) hostId!: string;
  @PrimaryColumn({ type: 'char', length: 36 }) poolId!: string;
  @PrimaryColumn({ type: 'varchar', length: 45 }) address!: string;
  @Text(64) bootId!: string;
  @Moment() createdAt!: Date;
}

import { Entity, PrimaryColumn } from 'typeorm';
import { LongText } from '../database/columns.js';

/** A setting of one cluster, or of all that have none of their own (`clusterId` is empty), that differs from its default. */
@Entity('cluster_setting')
export class ClusterSettingEntity {
  @PrimaryColumn({ type: 'char', length: 36 }) clusterId!: string;
  @PrimaryColumn({ type: 'varchar', length: 100 }) name!: string;
  @LongText() value!: string;
}

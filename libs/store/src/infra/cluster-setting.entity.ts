import { Entity, PrimaryColumn } from 'typeorm';
import { Id, LongText } from '../database/columns.js';

/** A setting of one cluster, or of all that have none of their own (`clusterId` is empty), that differs from its default. */
@Entity('cluster_setting')
export class ClusterSettingEntity {
  @Id() clusterId!: string;
  @PrimaryColumn({ type: 'varchar', length: 100 }) name!: string;
  @LongText() value!: string;
}

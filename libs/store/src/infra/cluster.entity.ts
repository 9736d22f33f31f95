import { Entity, Index } from 'typeorm';
import { Flag, Id, Moment, Ref, Text } from '../database/columns.js';

/** Hosts of one hypervisor that share storage and can exchange machines. */
@Entity('cluster')
@Index('cluster_pod_name', ['podId', 'name'], { unique: true })
@Index('cluster_zone', ['zoneId'])
export class ClusterEntity {
  @Id() id!: string;
  @Ref() zoneId!: string;
  @Ref() podId!: string;
  @Text() name!: string;
  /** KVM or Simulator. */
  @Text(20) hypervisor!: string;
  @Text(20) allocationState!: string;
  /** No management controller below it is used, whatever is enabled on hosts. */
  @Flag() outOfBandManagementDisabled!: boolean;
  /** HA acts for no host below it, whatever is enabled on hosts. */
  @Flag() haDisabled!: boolean;
  @Moment() createdAt!: Date;
}

import { Entity, Index } from 'typeorm';
import { Flag, Id, Int, Moment, Text } from '../database/columns.js';

/** A data centre; the unit that could move to a control plane of its own. */
@Entity('zone')
@Index('zone_name', ['name'], { unique: true })
export class ZoneEntity {
  @Id() id!: string;
  @Text() name!: string;
  @Text(45) dns1!: string;
  @Text(45, { nullable: true }) dns2!: string | null;
  @Text(45) internalDns1!: string;
  /** CloudStack's Basic or Advanced. */
  @Text(20) networkType!: string;
  /** First and last VNI of its VXLAN networks; null when it has none. */
  @Int({ nullable: true }) vniFirst!: number | null;
  @Int({ nullable: true }) vniLast!: number | null;
  /** Enabled or Disabled. */
  @Text(20) allocationState!: string;
  /** No management controller below it is used, whatever is enabled on hosts. */
  @Flag() outOfBandManagementDisabled!: boolean;
  /** HA acts for no host below it, whatever is enabled on hosts. */
  @Flag() haDisabled!: boolean;
  @Moment() createdAt!: Date;
}

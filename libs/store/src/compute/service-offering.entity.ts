import { HA_PRIORITY } from '@durastack/contracts/compute/ha-priority';
import { Entity } from 'typeorm';
import { Flag, Id, Int, Moment, Text } from '../database/columns.js';

/** A size of machine. */
@Entity('service_offering')
export class ServiceOfferingEntity {
  @Id() id!: string;
  @Text() name!: string;
  @Text(4096) displayText!: string;
  @Int() cpuCount!: number;
  @Int() cpuMhz!: number;
  @Int() memoryMib!: number;
  /** local or shared. */
  @Text(20) storageType!: string;
  @Text(255, { nullable: true }) hostTags!: string | null;
  /** Tags that the pool of the root disk must bear, comma-joined. */
  @Text(255, { nullable: true }) storageTags!: string | null;
  @Flag() offerHa!: boolean;
  /** See contracts/compute/ha-priority. */
  @Int({ default: HA_PRIORITY.usual }) haPriority!: number;
  /** Machines are started so that they can grow while they run. */
  @Flag() dynamicScaling!: boolean;
  @Flag() removed!: boolean;
  @Moment() createdAt!: Date;
}

import { HA_PRIORITY } from '@durastack/contracts/compute/ha-priority';
import { Entity } from 'typeorm';
import { Flag, Id, Int, Moment, Text } from '../database/columns.js';

/** A size of machine; or, without processors and memory of its own, bounds of the sizes that machines choose. */
@Entity('service_offering')
export class ServiceOfferingEntity {
  @Id() id!: string;
  @Text() name!: string;
  @Text(4096) displayText!: string;
  /** Null, as `memoryMib` then: each machine chooses. */
  @Int({ nullable: true }) cpuCount!: number | null;
  @Int({ nullable: true }) cpuMhz!: number | null;
  @Int({ nullable: true }) memoryMib!: number | null;
  @Int({ nullable: true }) minCpuCount!: number | null;
  @Int({ nullable: true }) maxCpuCount!: number | null;
  @Int({ nullable: true }) minMemoryMib!: number | null;
  @Int({ nullable: true }) maxMemoryMib!: number | null;
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

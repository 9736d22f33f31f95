import { Entity } from 'typeorm';
import { Id, Int, LongText, Moment } from '../database/columns.js';

/** What a host and its machines used of late, as its agent averaged it: one row for all of them, written every few minutes. */
@Entity('host_usage')
export class HostUsageEntity {
  @Id() hostId!: string;
  @Moment() measuredAt!: Date;
  /** Of the whole host. */
  @Int() cpuMhz!: number;
  @Int() memoryMib!: number;
  /** `[[machine, MHz, MiB], …]`. */
  @LongText() machinesJson!: string;
}

import { Entity, PrimaryColumn } from 'typeorm';
import { Int, LongText, Moment } from '../database/columns.js';

/** What a host and its machines used of late, as its agent averaged it: one row for all of them, written every few minutes. */
@Entity('host_usage')
export class HostUsageEntity {
  @PrimaryColumn({ type: 'char', length: 36 }) hostId!: string;
  @Moment() measuredAt!: Date;
  /** Of the whole host. */
  @Int() cpuMhz!: number;
  @Int() memoryMib!: number;
  /** `[[machine, MHz, MiB], …]`. */
  @LongText() machinesJson!: string;
}

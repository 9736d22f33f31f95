import { Entity } from 'typeorm';
import { BigInt64, Flag, Id, Moment, Text } from '../database/columns.js';

/** A size of data disk; customized ones are sized at creation. */
@Entity('disk_offering')
export class DiskOfferingEntity {
  @Id() id!: string;
  @Text() name!: string;
  @Text(4096) displayText!: string;
  @BigInt64({ default: 0 }) sizeBytes!: number;
  @Flag() customized!: boolean;
  @Text(20) storageType!: string;
  @Text(255, { nullable: true }) tags!: string | null;
  @Flag() removed!: boolean;
  @Moment() createdAt!: Date;
}

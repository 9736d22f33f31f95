import { Entity, Index } from 'typeorm';
import { Flag, Id, LongText, Moment, Text } from '../database/columns.js';

/** What VPCs can do. */
@Entity('vpc_offering')
@Index('vpc_offering_name', ['name', 'liveKey'], { unique: true })
export class VpcOfferingEntity {
  @Id() id!: string;
  @Text() name!: string;
  @Text(4096) displayText!: string;
  /** Enabled or Disabled. */
  @Text(20) state!: string;
  @Flag() isDefault!: boolean;
  /** `[{name, provider}]`. */
  @LongText() servicesJson!: string;
  /** Empty, or the own id once it was withdrawn: its name is free then. */
  @Text(36) liveKey!: string;
  @Moment() createdAt!: Date;
}

import { Entity, Index } from 'typeorm';
import { Flag, Id, Int, LongText, Moment, Text } from '../database/columns.js';

/** A kind of network; see contracts/network/network-offerings. */
@Entity('network_offering')
@Index('network_offering_name', ['name', 'liveKey'], { unique: true })
export class NetworkOfferingEntity {
  @Id() id!: string;
  @Text() name!: string;
  @Text(4096) displayText!: string;
  /** Shared, Isolated or L2. */
  @Text(20) guestIpType!: string;
  /** Enabled or Disabled. */
  @Text(20) state!: string;
  /** Optional or Required. */
  @Text(20) availability!: string;
  @Flag() isDefault!: boolean;
  @Flag() forVpc!: boolean;
  @Flag() conserveMode!: boolean;
  @Flag() isPersistent!: boolean;
  @Flag() specifyVlan!: boolean;
  @Flag() specifyIpRanges!: boolean;
  @Flag() egressDefaultPolicy!: boolean;
  @Int({ nullable: true }) networkRate!: number | null;
  @Int({ nullable: true }) maxConnections!: number | null;
  @Text(4096, { nullable: true }) tags!: string | null;
  /** `[{name, provider}]`. */
  @LongText() servicesJson!: string;
  @LongText({ nullable: true }) detailsJson!: string | null;
  /** Empty, or the own id once it was withdrawn: its name is free then. */
  @Text(36) liveKey!: string;
  @Moment() createdAt!: Date;
}

import { Entity, Index } from 'typeorm';
import { Id, Moment, Ref, Text } from '../database/columns.js';

/** What networks of a zone run over, as an administrator has recorded it. */
@Entity('physical_network')
@Index('physical_network_name', ['zoneId', 'name'], { unique: true })
export class PhysicalNetworkEntity {
  @Id() id!: string;
  @Ref() zoneId!: string;
  @Ref({ nullable: true }) domainId!: string | null;
  @Text() name!: string;
  /** Enabled or Disabled. */
  @Text(20) state!: string;
  @Text(40, { nullable: true }) isolationMethods!: string | null;
  /** ZONE or POD. */
  @Text(20) broadcastDomainRange!: string;
  @Text(255, { nullable: true }) networkSpeed!: string | null;
  /** Comma-joined. */
  @Text(2048, { nullable: true }) tags!: string | null;
  @Text(255, { nullable: true }) vlan!: string | null;
  @Moment() createdAt!: Date;
}

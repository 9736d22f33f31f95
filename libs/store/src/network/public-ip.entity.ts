import { Entity, Index } from 'typeorm';
import { BigInt64, Id, Moment, Ref, Text } from '../database/columns.js';

/** A public address. Free ones belong to nobody; the unique key is what gives an address to one range only. */
@Entity('public_ip')
@Index('public_ip_address', ['zoneId', 'position'], { unique: true })
@Index('public_ip_state', ['zoneId', 'state', 'position'])
@Index('public_ip_range', ['rangeId'])
// Pages and totals; see virtual_machine.
@Index('public_ip_page', ['state', 'id', 'accountId'])
@Index('public_ip_account_page', ['accountId', 'id', 'state'])
@Index('public_ip_domain_page', ['domainId', 'id', 'state', 'accountId'])
@Index('public_ip_network', ['networkId'])
export class PublicIpEntity {
  @Id() id!: string;
  @Ref() rangeId!: string;
  @Ref() zoneId!: string;
  @Text(45) ip!: string;
  /** The address as a number: the order in which they are given out. */
  @BigInt64() position!: number;
  /** Free or Allocated. */
  @Text(20) state!: string;
  @Ref({ nullable: true }) accountId!: string | null;
  @Ref({ nullable: true }) domainId!: string | null;
  /** The network that it is held for, where it is for one. */
  @Ref({ nullable: true }) networkId!: string | null;
  @Moment({ nullable: true }) allocatedAt!: Date | null;
  @Moment() createdAt!: Date;
}

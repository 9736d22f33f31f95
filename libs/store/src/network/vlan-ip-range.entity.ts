import { Entity, Index } from 'typeorm';
import { Id, Moment, Ref, Text } from '../database/columns.js';

/** A range of public addresses of a zone; each address has a row of its own. */
@Entity('vlan_ip_range')
@Index('vlan_ip_range_zone', ['zoneId'])
export class VlanIpRangeEntity {
  @Id() id!: string;
  @Ref() zoneId!: string;
  /** The one that its traffic runs over, where one is recorded. */
  @Ref({ nullable: true }) physicalNetworkId!: string | null;
  /** A number or `untagged`. */
  @Text(20) vlan!: string;
  @Text(45) gateway!: string;
  @Text(45) netmask!: string;
  @Text(45) startIp!: string;
  @Text(45) endIp!: string;
  /** The account that it is for, where it is for one alone. */
  @Ref({ nullable: true }) accountId!: string | null;
  @Ref({ nullable: true }) domainId!: string | null;
  @Moment() createdAt!: Date;
}

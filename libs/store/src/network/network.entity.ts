import { DEFAULT_SHARED_OFFERING_ID } from '@durastack/contracts/network/network-offerings';
import { Entity, Index } from 'typeorm';
import { BigInt64, Id, Int, Moment, Ref, Text } from '../database/columns.js';

/** A network. Addresses are served by DHCP on the hosts themselves; an L2 network has none, and those here never leave. */
@Entity('network')
// Pages and totals; see virtual_machine.
@Index('network_account_page', ['accountId', 'id', 'state'])
@Index('network_domain_page', ['domainId', 'id', 'state', 'accountId'])
// Those that others than the owner see.
@Index('network_acl', ['acl', 'state'])
@Index('network_zone', ['zoneId', 'state'])
@Index('network_vni', ['zoneId', 'vni'], { unique: true })
export class NetworkEntity {
  @Id() id!: string;
  @Text() name!: string;
  @Text(4096) displayText!: string;
  @Ref() accountId!: string;
  @Ref() domainId!: string;
  @Ref() zoneId!: string;
  /** Shared, Isolated or L2. */
  @Text(20) kind!: string;
  /** What it was made of. */
  @Ref({ default: DEFAULT_SHARED_OFFERING_ID }) offeringId!: string;
  /** all: every account of the zone may use it; account or domain: only the owner or its domain. */
  @Text(20) acl!: string;
  /** bridge or ovs. */
  @Text(20) driver!: string;
  /** Device name on hosts. */
  @Text(15) bridge!: string;
  @Int({ nullable: true }) vlan!: number | null;
  /** Of a VXLAN network, which is given up when it is gone from every host; null for all others. */
  @Int({ nullable: true }) vni!: number | null;
  /** Rises with every change of which hosts have the network, or of their tunnel addresses. */
  @BigInt64({ default: 0 }) fabricRevision!: number;
  /** Bytes that guests may send in one packet. */
  @Int({ default: 1500 }) mtu!: number;
  @Text(20) cidr!: string;
  @Text(45) gateway!: string;
  @Text(45) startIp!: string;
  @Text(45) endIp!: string;
  @Text(20) state!: string;
  @Ref({ nullable: true }) operationId!: string | null;
  @Moment() createdAt!: Date;
}

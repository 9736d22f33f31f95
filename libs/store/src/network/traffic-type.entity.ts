import { Entity, Index } from 'typeorm';
import { Id, Moment, Ref, Text } from '../database/columns.js';

/** A kind of traffic that a physical network carries. */
@Entity('traffic_type')
@Index('traffic_type_network', ['physicalNetworkId', 'trafficType'], { unique: true })
export class TrafficTypeEntity {
  @Id() id!: string;
  @Ref() physicalNetworkId!: string;
  /** One of `TRAFFIC_TYPES`. */
  @Text(20) trafficType!: string;
  @Text(255, { nullable: true }) kvmNetworkLabel!: string | null;
  @Text(255, { nullable: true }) vmwareNetworkLabel!: string | null;
  @Text(255, { nullable: true }) xenNetworkLabel!: string | null;
  @Text(255, { nullable: true }) hypervNetworkLabel!: string | null;
  @Text(255, { nullable: true }) ovm3NetworkLabel!: string | null;
  @Moment() createdAt!: Date;
}

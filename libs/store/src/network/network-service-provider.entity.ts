import { Entity, Index } from 'typeorm';
import { Id, Moment, Ref, Text } from '../database/columns.js';

/** Who serves networks on a physical network, as an administrator has recorded it. */
@Entity('network_service_provider')
@Index('network_service_provider_name', ['physicalNetworkId', 'name'], { unique: true })
export class NetworkServiceProviderEntity {
  @Id() id!: string;
  @Ref() physicalNetworkId!: string;
  @Text() name!: string;
  /** Enabled, Disabled or Shutdown. */
  @Text(20) state!: string;
  /** Comma-joined. */
  @Text(2048) serviceList!: string;
  @Ref({ nullable: true }) destinationPhysicalNetworkId!: string | null;
  @Moment() createdAt!: Date;
}

import { Entity, Index } from 'typeorm';
import { Flag, Id, Moment } from '../database/columns.js';

/** A network that was, or was about to be, set up on a host, so that removal finds it. Written before the effect. */
@Entity('network_on_host')
@Index('network_on_host_host', ['hostId'])
@Index('network_on_host_stale', ['isStale'])
export class NetworkOnHostEntity {
  @Id() networkId!: string;
  @Id() hostId!: string;
  /** Whether the host may not know yet which others have the network: it is told until it says that it does. */
  @Flag() isStale!: boolean;
  @Moment() createdAt!: Date;
}

import { Entity, Index, PrimaryColumn } from 'typeorm';
import { Flag, Moment } from '../database/columns.js';

/** A network that was, or was about to be, set up on a host, so that removal finds it. Written before the effect. */
@Entity('network_on_host')
@Index('network_on_host_host', ['hostId'])
@Index('network_on_host_stale', ['isStale'])
export class NetworkOnHostEntity {
  @PrimaryColumn({ type: 'char', length: 36 }) networkId!: string;
  @PrimaryColumn({ type: 'char', length: 36 }) hostId!: string;
  /** Whether the host may not know yet which others have the network: it is told until it says that it does. */
  @Flag() isStale!: boolean;
  @Moment() createdAt!: Date;
}

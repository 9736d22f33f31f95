import { Entity, PrimaryColumn } from 'typeorm';
import { Id, Moment } from '../database/columns.js';

/**
 * An address of a fenced host that the cluster of an rbd pool was asked to shut out: written before it is asked, and
 * gone when the address was let in again.
 */
@Entity('host_shut_out')
export class HostShutOutEntity {
  @Id() hostId!: string;
  @Id() poolId!: string;
  @PrimaryColumn({ type: 'varchar', length: 45 }) address!: string;
  @Moment() createdAt!: Date;
}

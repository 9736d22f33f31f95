import { Entity, Index, PrimaryColumn } from 'typeorm';
import { BigInt64, Id, Moment } from '../database/columns.js';

/** Capacity taken by an owner from a resource. Row and counter change in one transaction, so repeating changes nothing twice. */
@Entity('reservation')
@Index('reservation_resource', ['resourceType', 'resourceId'])
export class ReservationEntity {
  @Id() ownerId!: string;
  @PrimaryColumn({ type: 'varchar', length: 30 }) resourceType!: string;
  @Id() resourceId!: string;
  /** run, or root-volume. */
  @PrimaryColumn({ type: 'varchar', length: 30 }) purpose!: string;
  @BigInt64({ default: 0 }) cpuMhz!: number;
  @BigInt64({ default: 0 }) memoryMib!: number;
  @BigInt64({ default: 0 }) sizeBytes!: number;
  @Moment() createdAt!: Date;
}

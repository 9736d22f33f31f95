import { Entity, Index, PrimaryColumn } from 'typeorm';
import { Id, Moment } from '../database/columns.js';

/** A resource that a running operation chose after acceptance. Never waits; removal waits for claims to go. */
@Entity('claim')
@Index('claim_operation', ['operationId'])
export class ClaimEntity {
  @PrimaryColumn({ type: 'varchar', length: 30 }) resourceType!: string;
  @Id() resourceId!: string;
  @Id() operationId!: string;
  @Moment() createdAt!: Date;
}

import { Entity, Index, PrimaryColumn } from 'typeorm';
import { Moment } from '../database/columns.js';

/** A resource that a running operation chose after acceptance. Never waits; removal waits for claims to go. */
@Entity('claim')
@Index('claim_operation', ['operationId'])
export class ClaimEntity {
  @PrimaryColumn({ type: 'varchar', length: 30 }) resourceType!: string;
  @PrimaryColumn({ type: 'char', length: 36 }) resourceId!: string;
  @PrimaryColumn({ type: 'char', length: 36 }) operationId!: string;
  @Moment() createdAt!: Date;
}

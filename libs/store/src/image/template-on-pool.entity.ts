import { Entity } from 'typeorm';
import { BigInt64, Id, Moment } from '../database/columns.js';

/** A template's base image that exists on a pool, so that removal finds it. Written before the copy begins. */
@Entity('template_on_pool')
export class TemplateOnPoolEntity {
  @Id() templateId!: string;
  @Id() poolId!: string;
  @BigInt64({ default: 0 }) sizeBytes!: number;
  @Moment() createdAt!: Date;
  /** When its copy was complete: volumes are made over it without asking again. */
  @Moment({ nullable: true }) readyAt!: Date | null;
}

import { Column, Entity, PrimaryColumn } from 'typeorm';
import { Id, Int, Ref, Text } from '../database/columns.js';

/** A move of a {@link DrsPlanEntity}. Carried out by a child of the plan's operation whose index is its position. */
@Entity('drs_move')
export class DrsMoveEntity {
  @Id() planId!: string;
  @PrimaryColumn({ type: 'int' }) position!: number;
  @Ref() vmId!: string;
  @Ref() fromHostId!: string;
  @Ref() toHostId!: string;
  @Int() copyMib!: number;
  @Int() expectedSeconds!: number;
  @Column({ type: 'double' }) imbalanceBefore!: number;
  @Column({ type: 'double' }) imbalanceAfter!: number;
  /** Why it was passed over; null: it was not. */
  @Text(1024, { nullable: true }) passedOver!: string | null;
}

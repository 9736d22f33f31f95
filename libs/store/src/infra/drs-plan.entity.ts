import { Column, Entity, Index } from 'typeorm';
import { Id, Int, Moment, Ref, Text } from '../database/columns.js';

/** A plan to balance a cluster, or to gather its machines. */
@Entity('drs_plan')
@Index('drs_plan_cluster', ['clusterId', 'createdAt'])
@Index('drs_plan_created', ['createdAt'])
export class DrsPlanEntity {
  @Id() id!: string;
  @Ref() clusterId!: string;
  /** MANUAL or AUTOMATED. */
  @Text(20) kind!: string;
  /** READY, IN_PROGRESS or COMPLETED: CloudStack's words. */
  @Text(20) status!: string;
  @Text(20) algorithm!: string;
  @Text(20) metric!: string;
  @Column({ type: 'double' }) threshold!: number;
  @Column({ type: 'double' }) imbalanceBefore!: number;
  @Column({ type: 'double' }) imbalanceAfter!: number;
  @Int() hostCount!: number;
  /** Why it has no moves; null: it has some. */
  @Text(30, { nullable: true }) idle!: string | null;
  /** The operation that carries it out. */
  @Ref({ nullable: true }) operationId!: string | null;
  @Moment() createdAt!: Date;
}

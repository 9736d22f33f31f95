import { Entity, Index, PrimaryGeneratedColumn } from 'typeorm';
import { Int, Moment, Ref } from '../database/columns.js';

/** One run of an operation. Its generated key is the token's generation: ascending over the whole control plane. */
@Entity('operation_run')
@Index('operation_run_operation', ['operationId', 'run'], { unique: true })
export class OperationRunEntity {
  @PrimaryGeneratedColumn({ type: 'bigint' }) generation!: number;
  @Ref() operationId!: string;
  @Int() run!: number;
  @Moment() startedAt!: Date;
}

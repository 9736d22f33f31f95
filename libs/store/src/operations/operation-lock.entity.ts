import { Entity, Index, PrimaryColumn } from 'typeorm';
import { BigInt64, Flag, Id, Text } from '../database/columns.js';

/** What an operation named at acceptance. It waits for every earlier conflicting row; its own go when it ends. */
@Entity('operation_lock')
@Index('operation_lock_mode', ['resourceType', 'resourceId', 'mode', 'seq'])
@Index('operation_lock_waiting', ['resourceType', 'resourceId', 'waiting', 'seq'])
export class OperationLockEntity {
  @Id() operationId!: string;
  @PrimaryColumn({ type: 'varchar', length: 30 }) resourceType!: string;
  @Id() resourceId!: string;
  /** exclusive or shared. */
  @Text(10) mode!: string;
  @BigInt64() seq!: number;
  /** Whether the operation is still queued: what an ending finds without looking at all who hold. */
  @Flag() waiting!: boolean;
}

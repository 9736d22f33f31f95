import { Entity, Index } from 'typeorm';
import { Flag, Id, Int, Moment, Ref, Text } from '../database/columns.js';

/**
 * A machine whose host is lost: what HA knows of it until it runs elsewhere, or is known to be stopped.
 *
 * | column | who sets it |
 * |---|---|
 * | proven_at | the operation that fences the host, when its old copy is proven dead |
 * | wants_restart, priority | the same, from the machine's offering at that moment |
 * | attempts, next_at, reason | the same, for each start that was asked for |
 */
@Entity('lost_machine')
@Index('lost_machine_host', ['hostId', 'vmId'])
@Index('lost_machine_operation', ['operationId', 'settled'])
@Index('lost_machine_turn', ['settled', 'priority'])
export class LostMachineEntity {
  @Id() id!: string;
  @Ref() vmId!: string;
  /** The lost host. */
  @Ref() hostId!: string;
  /** What fences it. */
  @Ref() operationId!: string;
  @Moment({ nullable: true }) provenAt!: Date | null;
  @Flag() wantsRestart!: boolean;
  /** The most important first. */
  @Int({ default: 0 }) priority!: number;
  /** Starts that were asked for. */
  @Int({ default: 0 }) attempts!: number;
  /** It is not tried before. */
  @Moment({ nullable: true }) nextAt!: Date | null;
  /** What it waits for, in words for operators. */
  @Text(1024, { nullable: true }) reason!: string | null;
  /** Nothing more is to be done about it. */
  @Flag() settled!: boolean;
  @Moment() createdAt!: Date;
}

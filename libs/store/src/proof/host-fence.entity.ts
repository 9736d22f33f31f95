import { Entity } from 'typeorm';
import { Flag, Id, Int, Moment, Ref, Text } from '../database/columns.js';

/**
 * A host that is fenced, or declared lost: what is known of it until it has come back clean. One row per host; it goes
 * when the host is released.
 */
@Entity('host_fence')
export class HostFenceEntity {
  @Id() hostId!: string;
  /** The operation that fences; null: it was only declared lost so far. */
  @Ref({ nullable: true }) operationId!: string | null;
  /** What the host's fence epoch was raised to. */
  @Int() fenceEpoch!: number;
  /** Its boot when it was last known to run its machines. */
  @Text(64, { nullable: true }) bootIdBefore!: string | null;
  /** Nobody switches it on until it is released. */
  @Flag() isHeldOff!: boolean;
  /** When its management controller first said off without saying on since, and when a later connection said so too. */
  @Moment({ nullable: true }) firstOffAt!: Date | null;
  @Moment({ nullable: true }) againOffAt!: Date | null;
  /** An operator's word. */
  @Moment({ nullable: true }) declaredLostAt!: Date | null;
  @Text(255, { nullable: true }) declaredLostBy!: string | null;
  @Moment() createdAt!: Date;
}

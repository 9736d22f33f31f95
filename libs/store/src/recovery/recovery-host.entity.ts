import { Entity } from 'typeorm';
import { Id, Int, LongText, Moment, Text } from '../database/columns.js';

/** How far recovery has come with one host. Rows stay after it has ended: a host that was written off is read when it is back. */
@Entity('recovery_host')
export class RecoveryHostEntity {
  @Id() hostId!: string;
  /** `pending`, `read`, `written-off`. */
  @Text(20) state!: string;
  /** The control epoch that the host has adopted. */
  @Int({ default: 0 }) controlEpoch!: number;
  /** What is on it, once it was read. */
  @LongText({ nullable: true }) inventoryJson!: string | null;
  /** Why it could not be read the last time. */
  @Text(1024, { nullable: true }) error!: string | null;
  @Moment({ nullable: true }) attemptedAt!: Date | null;
}

import { Entity, Index } from 'typeorm';
import { BigInt64, Flag, Id, Int, LongText, Moment, Ref } from '../database/columns.js';

/**
 * A machine that is being moved to another host: while this row is there, its domain may be on both. Written with the
 * reservation at the destination, gone when either side has been cleared.
 */
@Entity('vm_migration')
@Index('vm_migration_destination', ['destinationHostId'])
@Index('vm_migration_source', ['sourceHostId'])
export class VmMigrationEntity {
  /** The machine. */
  @Id() vmId!: string;
  @Ref() operationId!: string;
  @Ref() sourceHostId!: string;
  @Ref() destinationHostId!: string;
  /** Sealed: what the source shows to the destination. */
  @LongText() ticketSealed!: string;
  /** Generation of the run that has opened the destination. */
  @BigInt64({ nullable: true }) openedGeneration!: number | null;
  /** The guest may go before its memory after so long; null: never. */
  @Int({ nullable: true }) postCopyAfterMs!: number | null;
  /** Why it cannot, though it was wanted. */
  @LongText({ nullable: true }) noPostCopy!: string | null;
  /** By post-copy it went, and its memory could not follow: it runs nowhere. */
  @Flag() lost!: boolean;
  /** By post-copy: after so long the guest went. */
  @Int({ nullable: true }) switchedMs!: number | null;
  @Int({ nullable: true }) totalMs!: number | null;
  @Int({ nullable: true }) downtimeMs!: number | null;
  @BigInt64({ nullable: true }) sentBytes!: number | null;
  @Moment() createdAt!: Date;
}

import { Entity, Index } from 'typeorm';
import { BigInt64, Id, Int, LongText, Moment, Ref } from '../database/columns.js';

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
  @Int({ nullable: true }) totalMs!: number | null;
  @Int({ nullable: true }) downtimeMs!: number | null;
  @BigInt64({ nullable: true }) sentBytes!: number | null;
  @Moment() createdAt!: Date;
}

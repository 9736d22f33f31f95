import { Entity, PrimaryColumn } from 'typeorm';
import { Moment, Text } from '../database/columns.js';

/** Which worker runs a loop that must run once. */
@Entity('lease')
export class LeaseEntity {
  @PrimaryColumn({ type: 'varchar', length: 60 }) name!: string;
  @Text(100) holder!: string;
  /** Where a hint reaches the holder. */
  @Text(255, { nullable: true }) hintUrl!: string | null;
  /** Since when it was held by anybody, without a gap. */
  @Moment() heldSince!: Date;
  @Moment() expiresAt!: Date;
}

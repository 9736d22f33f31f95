import { Entity, PrimaryColumn } from 'typeorm';
import { Int, LongText, Moment, Text } from '../database/columns.js';

/** What the scheduled check of the doctor found, and finds still. Rows go when the finding is gone. */
@Entity('doctor_finding')
export class DoctorFindingEntity {
  /** `kind:type/id`, with `@place` where needed. */
  @PrimaryColumn({ type: 'varchar', length: 190 }) id!: string;
  @Text(40) kind!: string;
  /** error or warning. */
  @Text(10) severity!: string;
  /** The finding in whole, as JSON. */
  @LongText() findingJson!: string;
  /** In how many checks one after the other. */
  @Int({ default: 1 }) checks!: number;
  @Moment() firstSeenAt!: Date;
  @Moment() lastSeenAt!: Date;
}

import { Entity, PrimaryColumn } from 'typeorm';
import { LongText, Moment, Ref } from '../database/columns.js';

/** Something that recovery found and only a person can decide. */
@Entity('recovery_finding')
export class RecoveryFindingEntity {
  @PrimaryColumn({ type: 'varchar', length: 40 }) kind!: string;
  /** `<type>:<id>`, with `@<host>` where the host makes the difference. */
  @PrimaryColumn({ type: 'varchar', length: 120 }) subject!: string;
  @Ref({ nullable: true }) hostId!: string | null;
  @LongText() message!: string;
  @Moment() createdAt!: Date;
}

import { Entity, Index } from 'typeorm';
import { Id, Moment, Ref, Text } from '../database/columns.js';

/** Machines of an account that shall run together, or apart. Placements of a strict group are serialised by this row. */
@Entity('affinity_group')
@Index('affinity_group_name', ['accountId', 'name'], { unique: true })
@Index('affinity_group_domain', ['domainId'])
export class AffinityGroupEntity {
  @Id() id!: string;
  @Text() name!: string;
  /** A key of `AFFINITY_TYPES`. */
  @Text(40) type!: string;
  @Text(4096, { nullable: true }) description!: string | null;
  @Ref() accountId!: string;
  @Ref() domainId!: string;
  @Moment() createdAt!: Date;
}

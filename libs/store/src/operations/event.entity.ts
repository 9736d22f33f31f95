import { Entity, Index } from 'typeorm';
import { Flag, Id, LongText, Moment, Ref, Text } from '../database/columns.js';

/** One row per command: who, what, outcome. */
@Entity('event')
@Index('event_created', ['createdAt', 'id'])
@Index('event_account', ['accountId', 'createdAt'])
@Index('event_domain', ['domainId', 'createdAt'])
export class EventEntity {
  @Id() id!: string;
  @Ref() accountId!: string;
  @Ref() domainId!: string;
  @Ref({ nullable: true }) userId!: string | null;
  /** CloudStack's style: `VM.CREATE`. */
  @Text(60) type!: string;
  /** INFO, WARN or ERROR. */
  @Text(10) level!: string;
  /** Created, Scheduled, Started or Completed. */
  @Text(20) state!: string;
  @LongText() description!: string;
  @Text(30, { nullable: true }) resourceType!: string | null;
  @Ref({ nullable: true }) resourceId!: string | null;
  @Ref({ nullable: true }) operationId!: string | null;
  @Text(64, { nullable: true }) sourceAddress!: string | null;
  /** Taken out of the list by a person. */
  @Flag() archived!: boolean;
  @Moment() createdAt!: Date;
}

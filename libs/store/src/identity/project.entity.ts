import { Entity, Index } from 'typeorm';
import { Id, LongText, Moment, Ref, Text } from '../database/columns.js';

/** What several accounts use together. Its things belong to an account of its own, which nobody logs in to. */
@Entity('project')
@Index('project_domain_name', ['domainId', 'name'], { unique: true })
@Index('project_account', ['accountId'], { unique: true })
export class ProjectEntity {
  @Id() id!: string;
  @Ref() domainId!: string;
  /** The account that owns its things; its role is `project`. */
  @Ref() accountId!: string;
  @Text() name!: string;
  @LongText() displayText!: string;
  /** Active, Suspended or Removed. */
  @Text(20) state!: string;
  /** It is being removed by this operation: nothing new is made in it. */
  @Ref({ nullable: true }) removalOperationId!: string | null;
  @Moment() createdAt!: Date;
}

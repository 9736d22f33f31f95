import { Entity, Index } from 'typeorm';
import { Id, Moment, Ref, Text } from '../database/columns.js';

/** An account, or one user of it, that is asked to become a member of a project. */
@Entity('project_invitation')
@Index('project_invitation_project', ['projectId', 'accountId'])
@Index('project_invitation_account', ['accountId'])
@Index('project_invitation_domain', ['domainId'])
export class ProjectInvitationEntity {
  @Id() id!: string;
  @Ref() projectId!: string;
  @Ref() accountId!: string;
  @Ref() domainId!: string;
  /** Absent: all users of the account. */
  @Ref({ nullable: true }) userId!: string | null;
  /** Admin or Regular: as what. */
  @Text(20) role!: string;
  @Ref({ nullable: true }) projectRoleId!: string | null;
  @Text(255, { nullable: true }) email!: string | null;
  /** Pending, Completed or Declined; one that is pending after `expiresAt` has expired. */
  @Text(20) state!: string;
  @Moment() expiresAt!: Date;
  @Moment() createdAt!: Date;
}

import { Entity, Index } from 'typeorm';
import { Id, Moment, Ref, Text } from '../database/columns.js';

/** An account, or one user of it, that uses a project. */
@Entity('project_member')
@Index('project_member_project', ['projectId', 'accountId'])
@Index('project_member_account', ['accountId', 'projectId'])
export class ProjectMemberEntity {
  @Id() id!: string;
  @Ref() projectId!: string;
  @Ref() accountId!: string;
  /** Absent: all users of the account. */
  @Ref({ nullable: true }) userId!: string | null;
  /** Admin or Regular. */
  @Text(20) role!: string;
  /** Of a regular member: which commands it may use on what the project owns; absent: all that it has. */
  @Ref({ nullable: true }) projectRoleId!: string | null;
  @Moment() createdAt!: Date;
}

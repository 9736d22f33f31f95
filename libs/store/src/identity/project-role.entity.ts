import { Entity, Index } from 'typeorm';
import { Id, Int, LongText, Moment, Ref, Text } from '../database/columns.js';

/** What regular members of a project may use of it. Its rules are kept with those of other roles (`role_permission`). */
@Entity('project_role')
@Index('project_role_name', ['projectId', 'name'], { unique: true })
export class ProjectRoleEntity {
  @Id() id!: string;
  @Ref() projectId!: string;
  @Text() name!: string;
  @LongText({ nullable: true }) description!: string | null;
  /** Raised by every change of its rules, so that no API process goes on with those that it remembers. */
  @Int({ default: 1 }) version!: number;
  @Moment() createdAt!: Date;
}

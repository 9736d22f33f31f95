import { Entity, Index } from 'typeorm';
import { Id, Int, Ref, Text } from '../database/columns.js';

/** A rule of a role that somebody made, or of a role of a project. */
@Entity('role_permission')
@Index('role_permission_order', ['roleId', 'sortOrder'])
@Index('role_permission_rule', ['roleId', 'rule'], { unique: true })
export class RolePermissionEntity {
  @Id() id!: string;
  @Ref() roleId!: string;
  @Text() rule!: string;
  /** allow or deny. */
  @Text(5) permission!: string;
  @Text(255, { nullable: true }) description!: string | null;
  @Int() sortOrder!: number;
}

import { Entity, Index } from 'typeorm';
import { Id } from '../database/columns.js';

/** An account, or that of a project, that may use a template which is not its own. */
@Entity('template_permission')
@Index('template_permission_account', ['accountId'])
export class TemplatePermissionEntity {
  @Id() templateId!: string;
  @Id() accountId!: string;
}

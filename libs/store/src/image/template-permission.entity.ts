import { Entity, Index, PrimaryColumn } from 'typeorm';

/** An account, or that of a project, that may use a template which is not its own. */
@Entity('template_permission')
@Index('template_permission_account', ['accountId'])
export class TemplatePermissionEntity {
  @PrimaryColumn({ type: 'char', length: 36 }) templateId!: string;
  @PrimaryColumn({ type: 'char', length: 36 }) accountId!: string;
}

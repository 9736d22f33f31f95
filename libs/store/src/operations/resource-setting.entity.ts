import { Entity, Index, PrimaryColumn } from 'typeorm';
import { Id, LongText } from '../database/columns.js';

/** A setting of one domain, account or storage pool that differs from what it would have without it. */
@Entity('resource_setting')
@Index('resource_setting_name', ['name'])
export class ResourceSettingEntity {
  @Id() resourceId!: string;
  @PrimaryColumn({ type: 'varchar', length: 100 }) name!: string;
  @LongText() value!: string;
}

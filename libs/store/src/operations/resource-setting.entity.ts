import { Entity, Index, PrimaryColumn } from 'typeorm';
import { LongText } from '../database/columns.js';

/** A setting of one domain, account or storage pool that differs from what it would have without it. */
@Entity('resource_setting')
@Index('resource_setting_name', ['name'])
export class ResourceSettingEntity {
  @PrimaryColumn({ type: 'char', length: 36 }) resourceId!: string;
  @PrimaryColumn({ type: 'varchar', length: 100 }) name!: string;
  @LongText() value!: string;
}

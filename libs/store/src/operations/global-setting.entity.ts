import { Entity, PrimaryColumn } from 'typeorm';
import { LongText } from '../database/columns.js';

/** A setting of the whole cloud that differs from its default. */
@Entity('global_setting')
export class GlobalSettingEntity {
  @PrimaryColumn({ type: 'varchar', length: 100 }) name!: string;
  @LongText() value!: string;
}

import { Entity, PrimaryColumn } from 'typeorm';
import { LongText } from '../database/columns.js';

/** The control plane's own facts: control epoch, certificate authority (sealed). */
@Entity('setting')
export class SettingEntity {
  @PrimaryColumn({ type: 'varchar', length: 100 }) name!: string;
  @LongText() value!: string;
}

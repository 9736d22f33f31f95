import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { Id, Ref } from '../database/columns.js';

/** A tag of any resource. */
@Entity('resource_tag')
@Index('resource_tag_key', ['key', 'value'])
export class ResourceTagEntity {
  @PrimaryColumn({ type: 'varchar', length: 30 }) resourceType!: string;
  @Id() resourceId!: string;
  @PrimaryColumn({ type: 'varchar', length: 191 }) key!: string;
  @Column({ type: 'varchar', length: 255 }) value!: string;
  @Ref() accountId!: string;
}

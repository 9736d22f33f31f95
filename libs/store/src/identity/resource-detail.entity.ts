import { Column, Entity, PrimaryColumn } from 'typeorm';
import { Flag, Id } from '../database/columns.js';

/** A detail of something: a name and a value that people or their tools have put there. */
@Entity('resource_detail')
export class ResourceDetailEntity {
  @PrimaryColumn({ type: 'varchar', length: 30 }) resourceType!: string;
  @Id() resourceId!: string;
  @PrimaryColumn({ type: 'varchar', length: 191 }) name!: string;
  @Column({ type: 'varchar', length: 4096 }) value!: string;
  /** Whether others than root administrators see it. */
  @Flag(true) forDisplay!: boolean;
}

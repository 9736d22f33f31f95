import { Entity, Index } from 'typeorm';
import { Flag, Id, Int, Moment, Ref, Text } from '../database/columns.js';

/** A node of the tenancy tree. `path` is `/` for ROOT and `/<id>/<id>/` below, for prefix scans. */
@Entity('domain')
@Index('domain_parent_name', ['parentId', 'name'], { unique: true })
@Index('domain_path', ['path'])
@Index('domain_page', ['removed', 'id'])
export class DomainEntity {
  @Id() id!: string;
  @Ref({ nullable: true }) parentId!: string | null;
  @Text() name!: string;
  /** Ids from below ROOT, each followed by a slash. */
  @Text(700) path!: string;
  /** Names for people, e.g. `ROOT/acme/dev`. */
  @Text(1024) displayPath!: string;
  @Int({ default: 0 }) level!: number;
  @Flag() removed!: boolean;
  /** It is being removed by this operation. */
  @Ref({ nullable: true }) removalOperationId!: string | null;
  @Moment() createdAt!: Date;
}

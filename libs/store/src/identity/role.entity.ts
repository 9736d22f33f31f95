import { Entity, Index } from 'typeorm';
import { Flag, Id, Int, LongText, Moment, Text } from '../database/columns.js';

/** What accounts may do. Those that come with the product are seeded; their rules stand in the contracts. */
@Entity('role')
@Index('role_name_type', ['name', 'type'], { unique: true })
export class RoleEntity {
  @Id() id!: string;
  @Text() name!: string;
  /** Admin, ResourceAdmin, DomainAdmin or User. */
  @Text(20) type!: string;
  @LongText({ nullable: true }) description!: string | null;
  @Flag() isDefault!: boolean;
  /** Administrators of domains may give it. */
  @Flag(true) isPublic!: boolean;
  /** enabled or disabled. */
  @Text(20) state!: string;
  /** Raised by every change of its rules or state, so that no API process goes on with those that it remembers. */
  @Int({ default: 1 }) version!: number;
  @Moment() createdAt!: Date;
}

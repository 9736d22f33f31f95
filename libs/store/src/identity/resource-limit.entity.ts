import { Entity, Index } from 'typeorm';
import { BigInt64, Id, Int, Ref, Text } from '../database/columns.js';

/** How many of a kind an account (or the project that it is of), or a domain with all below it, may have. */
@Entity('resource_limit')
@Index('resource_limit_owner', ['ownerId', 'kind'], { unique: true })
export class ResourceLimitEntity {
  @Id() id!: string;
  /** account or domain. */
  @Text(10) ownerType!: string;
  @Ref() ownerId!: string;
  /** CloudStack's number of the kind. */
  @Int() kind!: number;
  /** In units of the kind (see `unitOf`); -1: any number. */
  @BigInt64() max!: number;
}

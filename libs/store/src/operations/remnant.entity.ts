import { Entity, Index } from 'typeorm';
import { BigInt64, Id, Moment, Ref, Text } from '../database/columns.js';

/**
 * Something that may have been left behind when an operation was given up. Counts until a later operation on the
 * same resource has succeeded; the row is kept as a record.
 */
@Entity('remnant')
@Index('remnant_resource', ['resourceType', 'resourceId'])
export class RemnantEntity {
  @Id() id!: string;
  @Ref() operationId!: string;
  /** Of that operation; what succeeded on the resource later has a higher one. */
  @BigInt64() operationSeq!: number;
  @Text(30) resourceType!: string;
  @Ref() resourceId!: string;
  /** A key of `REMNANT_KINDS`. */
  @Text(20) kind!: string;
  @Ref({ nullable: true }) hostId!: string | null;
  @Ref({ nullable: true }) poolId!: string | null;
  @Moment() createdAt!: Date;
}

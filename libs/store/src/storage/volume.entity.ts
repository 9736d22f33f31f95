import { Entity, Index } from 'typeorm';
import { BigInt64, Id, Int, Moment, Ref, Text } from '../database/columns.js';

/**
 * A disk. Root volumes belong to one machine for life; a data disk has `vm_id` from the moment it is to be attached, and
 * `attached_at` when it is.
 */
@Entity('volume')
@Index('volume_vm', ['vmId'])
@Index('volume_account', ['accountId', 'state'])
@Index('volume_account_page', ['accountId', 'id', 'state'])
@Index('volume_pool', ['poolId'])
@Index('volume_domain', ['domainId'])
export class VolumeEntity {
  @Id() id!: string;
  @Text() name!: string;
  @Ref() accountId!: string;
  @Ref() domainId!: string;
  @Ref() zoneId!: string;
  @Ref({ nullable: true }) vmId!: string | null;
  @Ref({ nullable: true }) poolId!: string | null;
  @Ref({ nullable: true }) templateId!: string | null;
  @Ref({ nullable: true }) diskOfferingId!: string | null;
  /** ROOT or DATADISK. */
  @Text(20) kind!: string;
  @Int({ default: 0 }) deviceId!: number;
  @Moment({ nullable: true }) attachedAt!: Date | null;
  @BigInt64() sizeBytes!: number;
  @Text(20) state!: string;
  @Moment() createdAt!: Date;
}

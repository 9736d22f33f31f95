import { Entity, Index } from 'typeorm';
import { BigInt64, Id, Int, Moment, Ref, Text } from '../database/columns.js';

/**
 * A disk. A root volume belongs to one machine until the machine is restored or expunged; a data disk has `vm_id` from the moment it is to be attached, and
 * `attached_at` when it is.
 */
@Entity('volume')
@Index('volume_vm', ['vmId'])
// Pages and totals; see virtual_machine.
@Index('volume_account_page', ['accountId', 'id', 'state', 'kind'])
@Index('volume_domain_page', ['domainId', 'id', 'state', 'accountId', 'kind'])
@Index('volume_pool', ['poolId'])
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
  /** ROOT or DATADISK; SPARE: a root disk that a restore of `vm_id` is about to give it, or has just taken from it. */
  @Text(20) kind!: string;
  @Int({ default: 0 }) deviceId!: number;
  @Moment({ nullable: true }) attachedAt!: Date | null;
  @BigInt64() sizeBytes!: number;
  @Text(20) state!: string;
  @Moment() createdAt!: Date;
}

import { Entity, Index } from 'typeorm';
import { BigInt64, Flag, Id, Int, Moment, Ref, Text } from '../database/columns.js';

/** A disk image that machines are made from; or an ISO, a CD's image (`format`). */
@Entity('template')
@Index('template_account', ['accountId', 'state'])
@Index('template_zone', ['zoneId', 'state'])
@Index('template_domain', ['domainId'])
export class TemplateEntity {
  @Id() id!: string;
  @Text() name!: string;
  @Text(4096) displayText!: string;
  @Ref() accountId!: string;
  @Ref() domainId!: string;
  @Ref() zoneId!: string;
  @Ref({ nullable: true }) storeId!: string | null;
  @Text(2048) url!: string;
  @Text(20) format!: string;
  @Text(200, { nullable: true }) checksum!: string | null;
  @Text(20) hypervisor!: string;
  @Ref({ nullable: true }) osTypeId!: string | null;
  @Flag() isPublic!: boolean;
  @Flag() isFeatured!: boolean;
  @Flag() isExtractable!: boolean;
  /** Its guests can take processors and memory while they run. */
  @Flag() isDynamicallyScalable!: boolean;
  /** Its guests are said to take passwords. */
  @Flag() passwordEnabled!: boolean;
  /** Machines can boot from it; said of ISOs. */
  @Flag(true) bootable!: boolean;
  @Text(20) state!: string;
  /** 0 to 100 while it is fetched. */
  @Int({ default: 0 }) percent!: number;
  /** For people: progress, or why it failed. */
  @Text(1024, { nullable: true }) status!: string | null;
  @BigInt64({ default: 0 }) sizeBytes!: number;
  @BigInt64({ default: 0 }) virtualSizeBytes!: number;
  @Ref({ nullable: true }) operationId!: string | null;
  @Moment() createdAt!: Date;
}

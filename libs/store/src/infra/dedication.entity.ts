import { Entity, Index } from 'typeorm';
import { Id, Moment, Ref, Text } from '../database/columns.js';

/** A zone, pod, cluster or host that takes only machines of one account, or of a domain and all below it. */
@Entity('dedication')
@Index('dedication_resource', ['resourceType', 'resourceId'], { unique: true })
@Index('dedication_zone', ['zoneId'])
export class DedicationEntity {
  @Id() id!: string;
  /** zone, pod, cluster or host. */
  @Text(30) resourceType!: string;
  @Ref() resourceId!: string;
  @Ref() zoneId!: string;
  @Ref() domainId!: string;
  /** Null: every account of the domain and of those below it. */
  @Ref({ nullable: true }) accountId!: string | null;
  @Moment() createdAt!: Date;
}

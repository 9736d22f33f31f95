import { Entity, Index } from 'typeorm';
import { Flag, Id, Moment, Ref, Text } from '../database/columns.js';

/** A comment on something. */
@Entity('annotation')
@Index('annotation_resource', ['resourceType', 'resourceId'])
@Index('annotation_account', ['accountId'])
export class AnnotationEntity {
  @Id() id!: string;
  @Text(4096) text!: string;
  @Text(30) resourceType!: string;
  @Ref() resourceId!: string;
  /** Who owns what it is about; of the cloud: the account that wrote it. */
  @Ref() accountId!: string;
  @Ref() domainId!: string;
  /** Whether root administrators alone see it. */
  @Flag() adminsOnly!: boolean;
  @Ref() userId!: string;
  @Moment() createdAt!: Date;
}

import { Entity, Index } from 'typeorm';
import { Id, Moment, Ref, Text } from '../database/columns.js';

/** An owner of resources, in one domain. Its role is that of all its users. */
@Entity('account')
@Index('account_domain_name', ['domainId', 'name'], { unique: true })
export class AccountEntity {
  @Id() id!: string;
  @Ref() domainId!: string;
  @Text() name!: string;
  /** admin, domain-admin or user. */
  @Text(20) role!: string;
  /** enabled, disabled, locked or removed. */
  @Text(20) state!: string;
  @Moment() createdAt!: Date;
}

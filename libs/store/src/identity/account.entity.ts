import { Entity, Index } from 'typeorm';
import { Flag, Id, Moment, Ref, Text } from '../database/columns.js';

/** An owner of resources, in one domain. Its role is that of all its users. */
@Entity('account')
@Index('account_domain_name', ['domainId', 'name'], { unique: true })
@Index('account_role', ['roleId'])
// Pages and totals; see virtual_machine.
@Index('account_domain_page', ['domainId', 'id', 'state', 'role'])
export class AccountEntity {
  @Id() id!: string;
  @Ref() domainId!: string;
  @Text() name!: string;
  /**
   * How far it sees, by the type of its role: admin, domain-admin or user; project: it owns the things of one, and
   * nobody logs in to it.
   */
  @Text(20) role!: string;
  @Ref() roleId!: string;
  /** enabled, disabled, locked or removed. */
  @Text(20) state!: string;
  /** The zone that it is meant to use; nothing follows from it here. */
  @Ref({ nullable: true }) defaultZoneId!: string | null;
  /** It came with the product and stays. */
  @Flag() isDefault!: boolean;
  /** It is being removed by this operation: nobody acts for it, and nothing new is made in it. */
  @Ref({ nullable: true }) removalOperationId!: string | null;
  @Moment() createdAt!: Date;
}

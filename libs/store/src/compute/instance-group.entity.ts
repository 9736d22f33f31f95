import { Entity, Index } from 'typeorm';
import { Id, Moment, Ref, Text } from '../database/columns.js';

/** A name that machines of an account bear (`virtual_machine.group_name`), to find them by. */
@Entity('instance_group')
@Index('instance_group_name', ['accountId', 'name'], { unique: true })
@Index('instance_group_domain', ['domainId'])
export class InstanceGroupEntity {
  @Id() id!: string;
  @Text() name!: string;
  @Ref() accountId!: string;
  @Ref() domainId!: string;
  @Moment() createdAt!: Date;
}

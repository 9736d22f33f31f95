import { Entity, Index } from 'typeorm';
import { Id, Moment } from '../database/columns.js';

/** A machine in an affinity group. Written while the group's row is held; it changes only while the machine is stopped. */
@Entity('affinity_group_member')
@Index('affinity_group_member_vm', ['vmId'])
export class AffinityGroupMemberEntity {
  @Id() groupId!: string;
  @Id() vmId!: string;
  @Moment() createdAt!: Date;
}

import { Entity, Index, PrimaryColumn } from 'typeorm';
import { Moment } from '../database/columns.js';

/** A machine in an affinity group. Written while the group's row is held; it changes only while the machine is stopped. */
@Entity('affinity_group_member')
@Index('affinity_group_member_vm', ['vmId'])
export class AffinityGroupMemberEntity {
  @PrimaryColumn({ type: 'char', length: 36 }) groupId!: string;
  @PrimaryColumn({ type: 'char', length: 36 }) vmId!: string;
  @Moment() createdAt!: Date;
}

import { Entity } from 'typeorm';
import { Id, Moment, Ref, Text } from '../database/columns.js';

/**
 * A directory that hosts share, as one host has it: on which mount, and whether QEMU's image locks were seen to keep
 * other hosts' QEMU off an image there. What was seen counts while boot and mount are the same.
 */
@Entity('host_pool')
export class HostPoolEntity {
  @Id() hostId!: string;
  @Id() poolId!: string;
  /** As its heartbeats tell. */
  @Text(255) mount!: string;
  /** `proven` or `not proven`, as the last trial found; null: there was none yet. */
  @Text(20, { nullable: true }) locks!: string | null;
  /** What the trial found, for people. */
  @Text(1024, { nullable: true }) detail!: string | null;
  /** With which host, and in which boot and on which mount of this one. */
  @Ref({ nullable: true }) triedWithHostId!: string | null;
  @Text(64, { nullable: true }) triedBootId!: string | null;
  @Text(255, { nullable: true }) triedMount!: string | null;
  @Moment({ nullable: true }) triedAt!: Date | null;
  @Moment() createdAt!: Date;
}

import { Entity, Index } from 'typeorm';
import { Flag, Id, Int, Moment, Ref, Text } from '../database/columns.js';

/** How HA stands with a host that it was configured for. */
@Entity('host_ha')
@Index('host_ha_state', ['enabled', 'state'])
export class HostHaEntity {
  /** The host's id. */
  @Id() id!: string;
  @Text(60) provider!: string;
  @Flag() enabled!: boolean;
  /** A key of `HOST_HA_STATES`, but for those that follow from the rows of host, cluster and zone. */
  @Text(20) state!: string;
  @Text(1024, { nullable: true }) reason!: string | null;
  @Moment() since!: Date;
  /** How often it has fallen silent lately, and when last: a host that flaps has to be silent for longer. */
  @Int({ default: 0 }) falls!: number;
  @Moment({ nullable: true }) fellAt!: Date | null;
  /** What fences it, or takes it back. */
  @Ref({ nullable: true }) operationId!: string | null;
  @Moment() createdAt!: Date;
}

import { Entity, Index } from 'typeorm';
import { Flag, Id, LongText, Moment, Ref } from '../database/columns.js';

/**
 * A volume on its way to another pool, from the reservation there until one of the two is empty again. While this row
 * is there, the same volume may lie on both pools; `volume.pool_id` says which one counts.
 */
@Entity('volume_copy')
@Index('volume_copy_source', ['sourcePoolId'])
@Index('volume_copy_target', ['targetPoolId'])
export class VolumeCopyEntity {
  @Id() volumeId!: string;
  @Ref() operationId!: string;
  @Ref() sourcePoolId!: string;
  @Ref() targetPoolId!: string;
  /** The host that copies: it reaches both, or, of a machine that takes it along, the source. */
  @Ref() hostId!: string;
  /** The host that it is sent to; null when the first does it alone. */
  @Ref({ nullable: true }) targetHostId!: string | null;
  /** The machine that has the volume, when the copy began. */
  @Ref({ nullable: true }) vmId!: string | null;
  /** Once it is copied: whether a running machine keeps both in step and has to go over. */
  @Flag() mirrored!: boolean;
  /** Sealed: what the first host shows to the other; null when it does it alone, or the machine's migration has one. */
  @LongText({ nullable: true }) ticketSealed!: string | null;
  @Moment() createdAt!: Date;
}

import { Entity, Index } from 'typeorm';
import { Id, Moment, Ref } from '../database/columns.js';

/** An image of a lost host's machine that another host holds open for writing, until the machine is started. */
@Entity('volume_hold')
@Index('volume_hold_lost', ['lostHostId'])
export class VolumeHoldEntity {
  @Id() volumeId!: string;
  /** Of a volume on its way to another pool there are two. */
  @Id() poolId!: string;
  /** The one that holds it. */
  @Ref() hostId!: string;
  @Ref() lostHostId!: string;
  @Moment() createdAt!: Date;
}

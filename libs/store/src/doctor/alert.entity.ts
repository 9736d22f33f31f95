import { Entity, Index } from 'typeorm';
import { Flag, Id, Int, Moment, Ref, Text } from '../database/columns.js';

/** Something that an administrator should look at. */
@Entity('alert')
@Index('alert_open', ['openKey'], { unique: true })
@Index('alert_created', ['archived', 'createdAt'])
export class AlertEntity {
  @Id() id!: string;
  /** CloudStack's number of its kind. */
  @Int() type!: number;
  /** CloudStack's name of its kind, e.g. ALERT.COMPUTE.HOST. */
  @Text(60) name!: string;
  @Text(4096) description!: string;
  /** The finding's id while it is found; null afterwards. One alert for one finding, also when it was archived. */
  @Text(190, { nullable: true }) openKey!: string | null;
  @Text(30, { nullable: true }) resourceType!: string | null;
  @Ref({ nullable: true }) resourceId!: string | null;
  /** By a person, or because its reason is gone. */
  @Flag() archived!: boolean;
  @Moment() createdAt!: Date;
  @Moment({ nullable: true }) clearedAt!: Date | null;
}

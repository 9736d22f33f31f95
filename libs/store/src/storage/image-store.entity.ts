import { Entity, Index } from 'typeorm';
import { Flag, Id, Moment, Ref, Text } from '../database/columns.js';

/** Secondary storage: a directory of images that hosts reach at the same path. */
@Entity('image_store')
@Index('image_store_zone_name', ['zoneId', 'name'], { unique: true })
export class ImageStoreEntity {
  @Id() id!: string;
  @Ref() zoneId!: string;
  @Text() name!: string;
  @Text(1024) path!: string;
  @Flag() removed!: boolean;
  @Moment() createdAt!: Date;
}

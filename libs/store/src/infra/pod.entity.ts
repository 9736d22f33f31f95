import { Entity, Index } from 'typeorm';
import { Id, Moment, Ref, Text } from '../database/columns.js';

/** A rack or row within a zone. */
@Entity('pod')
@Index('pod_zone_name', ['zoneId', 'name'], { unique: true })
export class PodEntity {
  @Id() id!: string;
  @Ref() zoneId!: string;
  @Text() name!: string;
  @Text(45, { nullable: true }) gateway!: string | null;
  @Text(45, { nullable: true }) netmask!: string | null;
  @Text(45, { nullable: true }) startIp!: string | null;
  @Text(45, { nullable: true }) endIp!: string | null;
  @Text(20) allocationState!: string;
  @Moment() createdAt!: Date;
}

import { Entity, Index } from 'typeorm';
import { Id, LongText, Moment, Ref, Text } from '../database/columns.js';

/** Clean-up owed on a host that could not be reached when it fell due; done before the host may run anything again. */
@Entity('host_obligation')
@Index('host_obligation_host', ['hostId'])
export class HostObligationEntity {
  @Id() id!: string;
  @Ref() hostId!: string;
  @Text(60) verb!: string;
  @LongText() paramsJson!: string;
  @Moment() createdAt!: Date;
}

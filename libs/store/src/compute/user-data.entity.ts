import { Entity, Index } from 'typeorm';
import { Id, LongText, Moment, Ref, Text } from '../database/columns.js';

/** User data under a name, to deploy machines with. A machine keeps a copy of its own. */
@Entity('user_data')
@Index('user_data_owner_name', ['accountId', 'name'], { unique: true })
@Index('user_data_domain', ['domainId'])
export class UserDataEntity {
  @Id() id!: string;
  @Ref() accountId!: string;
  @Ref() domainId!: string;
  @Text() name!: string;
  /** Base64, sealed. */
  @LongText() dataSealed!: string;
  /** Names of the variables in it, comma-joined. */
  @Text(4096, { nullable: true }) params!: string | null;
  @Moment() createdAt!: Date;
}

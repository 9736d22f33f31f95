import { Entity, Index } from 'typeorm';
import { Flag, Id, Int, LongText, Moment, Ref, Text } from '../database/columns.js';

/** Somebody who logs in or signs calls, on behalf of one account. */
@Entity('user')
@Index('user_account', ['accountId'])
@Index('user_name', ['username'])
@Index('user_api_key', ['apiKey'], { unique: true })
export class UserEntity {
  @Id() id!: string;
  @Ref() accountId!: string;
  @Text() username!: string;
  @Text() firstName!: string;
  @Text() lastName!: string;
  @Text() email!: string;
  /** argon2id, PHC string format. */
  @Text() passwordHash!: string;
  @Text(100, { nullable: true }) apiKey!: string | null;
  /** Sealed: the HMAC needs the plain key. */
  @LongText({ nullable: true }) secretKeySealed!: string | null;
  /** enabled, disabled, locked or removed. */
  @Text(20) state!: string;
  /** Logins that failed since the last that did not. */
  @Int({ default: 0 }) failedLogins!: number;
  /** It came with the product and stays. */
  @Flag() isDefault!: boolean;
  @Moment() createdAt!: Date;
}

import { Entity, Index } from 'typeorm';
import { Id, Int, Moment, Ref, Text } from '../database/columns.js';

/** A login session. Both secrets are kept as SHA-256 only. */
@Entity('session')
@Index('session_expires', ['expiresAt'])
export class SessionEntity {
  @Id() id!: string;
  @Ref() userId!: string;
  @Text(64) cookieSha256!: string;
  @Text(64) sessionKeySha256!: string;
  /** It ends after so much silence. */
  @Int() lifetimeS!: number;
  @Moment() expiresAt!: Date;
}

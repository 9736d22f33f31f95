import { Entity, Index } from 'typeorm';
import { Id, Moment, Ref, Text } from '../database/columns.js';

/** The right to open one machine's console once. Rows are deleted some time after they expired. */
@Entity('console_token')
@Index('console_token_secret', ['tokenSha256'], { unique: true })
@Index('console_token_expires', ['expiresAt'])
export class ConsoleTokenEntity {
  @Id() id!: string;
  /** Of the token, hexadecimal; the token itself is kept nowhere. */
  @Text(64) tokenSha256!: string;
  @Ref() vmId!: string;
  /** Who asked for it. */
  @Ref() userId!: string;
  /** By the database's clock. */
  @Moment() expiresAt!: Date;
  @Moment({ nullable: true }) usedAt!: Date | null;
}

import { Entity, Index, PrimaryColumn } from 'typeorm';
import { Id, Int, LongText, Moment, Ref, Text } from '../database/columns.js';

/** A REST call that carried an `Idempotency-Key`, and its answer once there is one. */
@Entity('idempotency_key')
@Index('idempotency_key_created', ['createdAt'])
export class IdempotencyKeyEntity {
  @Id() userId!: string;
  /** SHA-256 of the key. */
  @PrimaryColumn({ type: 'char', length: 64 }) keySha256!: string;
  /** SHA-256 of command and parameters: another request under the same key is refused. */
  @Text(64) requestSha256!: string;
  /** HTTP status of the answer; null while the call is under way. */
  @Int({ nullable: true }) status!: number | null;
  @Text(255, { nullable: true }) location!: string | null;
  /** JSON. Null when there is none, or when it carried a secret. */
  @LongText({ nullable: true }) body!: string | null;
  /** The operation that was accepted, written in the transaction that accepted it. */
  @Ref({ nullable: true }) operationId!: string | null;
  @Moment() createdAt!: Date;
}

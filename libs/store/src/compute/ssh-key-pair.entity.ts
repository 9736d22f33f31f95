import { Entity, Index } from 'typeorm';
import { Id, LongText, Moment, Ref, Text } from '../database/columns.js';

/** A public SSH key that machines are deployed with. The private half is shown once and never kept. */
@Entity('ssh_key_pair')
@Index('ssh_key_pair_owner_name', ['accountId', 'name'], { unique: true })
export class SshKeyPairEntity {
  @Id() id!: string;
  @Ref() accountId!: string;
  @Ref() domainId!: string;
  @Text() name!: string;
  @Text(100) fingerprint!: string;
  @LongText() publicKey!: string;
  @Moment() createdAt!: Date;
}

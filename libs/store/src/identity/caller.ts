import type { Role } from '@durastack/contracts/command';

/** Who makes a call, as authentication found them. */
export interface Caller {
  readonly userId: string;
  readonly username: string;
  readonly accountId: string;
  readonly accountName: string;
  readonly domainId: string;
  /** See DomainEntity.path; administrators of a domain see what lies below it. */
  readonly domainPath: string;
  readonly role: Exclude<Role, 'anyone'>;
  /** The accounts that own the things of the projects which the caller is a member of. */
  readonly projectAccountIds?: readonly string[];
  /** Those of projects whose role for the caller does not include the command. */
  readonly deniedProjectAccountIds?: readonly string[];
  /** SHA-256 of the `Idempotency-Key` of a REST call: what is accepted for it is noted under it, in one transaction. */
  readonly idempotencyKeySha256?: string;
  /** Address of the client, for the audit event. */
  readonly sourceAddress: string;
}

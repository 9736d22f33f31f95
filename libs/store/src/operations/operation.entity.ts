import { Entity, Generated, Index, Column } from 'typeorm';
import { Flag, Id, Int, LongText, Moment, Ref, Text } from '../database/columns.js';

/**
 * An accepted operation; its id is CloudStack's job id.
 *
 * | column | who sets it |
 * |---|---|
 * | state, run, direction | accept, grant, beginRun, setDirection, finishRun, the sweep: each as compare-and-set |
 * | step_* | the activities, as progress |
 * | cancel_requested_at | cancel |
 * | attention_cause, turned_back_json | needsAttention; the decision of an administrator |
 * | decision | retry, undo, give up |
 */
@Entity('operation')
@Index('operation_seq', ['seq'], { unique: true })
@Index('operation_state', ['state', 'seq'])
@Index('operation_dispatch', ['state', 'dispatchedAt', 'accountId', 'seq'])
@Index('operation_resource', ['resourceType', 'resourceId', 'seq'])
@Index('operation_account', ['accountId', 'seq'])
@Index('operation_natural_key', ['naturalKey'], { unique: true })
@Index('operation_parent', ['parentId', 'childIndex'], { unique: true })
export class OperationEntity {
  @Id() id!: string;
  /** Order of acceptance. */
  @Column({ type: 'bigint' }) @Generated('increment') seq!: number;
  /** The command's name, which is the workflow's type. */
  @Text(60) kind!: string;
  @Text(20) state!: string;
  @Int({ default: 0 }) run!: number;
  /** forward, past-pivot or undoing. */
  @Text(20) direction!: string;
  @Text(30) resourceType!: string;
  @Ref() resourceId!: string;
  /** One phrase for operators: `Deploy web-1 for acme/alice`. */
  @Text(255) summary!: string;
  @Ref() accountId!: string;
  @Ref() domainId!: string;
  @Ref({ nullable: true }) userId!: string | null;
  @Ref({ nullable: true }) zoneId!: string | null;
  /** The command's events on its resource's state table. */
  @LongText() lifecycleJson!: string;
  /** CloudStack's event type. */
  @Text(60, { nullable: true }) eventType!: string | null;
  /** Parameters that steps need: ids, numbers, flags. No secret. */
  @LongText() inputJson!: string;
  /** Calls with the same key join this operation while it is open; cleared at its end. */
  @Text(255, { nullable: true }) naturalKey!: string | null;
  @Ref({ nullable: true }) parentId!: string | null;
  @Int({ nullable: true }) childIndex!: number | null;
  /** What it answers, in the fields of its command's result, where that is no row of its resource. */
  @LongText({ nullable: true }) resultJson!: string | null;
  @Int({ default: 0 }) stepIndex!: number;
  @Int({ default: 0 }) stepCount!: number;
  /** The highest token step that this run has reached; a late attempt of an earlier step writes nothing. */
  @Int({ default: 0 }) stepToken!: number;
  @Text(255, { nullable: true }) stepTitle!: string | null;
  @Text(255, { nullable: true }) stepDetail!: string | null;
  /** JSON of the numbers behind the detail: how far the copying is that it does, and what it came to. */
  @LongText({ nullable: true }) progressJson!: string | null;
  @Text(30, { nullable: true }) errorCode!: string | null;
  @LongText({ nullable: true }) errorMessage!: string | null;
  @Text(255, { nullable: true }) errorStep!: string | null;
  /** JSON: why no host was found, host by host. See `placementExplanation` in the contracts. */
  @LongText({ nullable: true }) explanationJson!: string | null;
  /** Why it needs, or last needed, attention: a key of `ATTENTION_CAUSES`. */
  @Text(30, { nullable: true }) attentionCause!: string | null;
  /** JSON of why it turned back, kept while the error says why it needs attention. */
  @LongText({ nullable: true }) turnedBackJson!: string | null;
  /** What an administrator last decided about it: retry, undo or give-up. */
  @Text(20, { nullable: true }) decision!: string | null;
  /** Asks for the end of its resource: takes over from an operation there that needs attention. */
  @Flag() supersedes!: boolean;
  @Moment({ nullable: true }) cancelRequestedAt!: Date | null;
  @Flag() cancelSignalled!: boolean;
  @Moment() createdAt!: Date;
  @Moment({ nullable: true }) grantedAt!: Date | null;
  /** When a workflow was last started for the present run; null: not yet. */
  @Moment({ nullable: true }) dispatchedAt!: Date | null;
  @Moment({ nullable: true }) startedAt!: Date | null;
  @Moment({ nullable: true }) endedAt!: Date | null;
  /** Raised by every step; the sweep looks at operations that have been silent. */
  @Moment() touchedAt!: Date;
}

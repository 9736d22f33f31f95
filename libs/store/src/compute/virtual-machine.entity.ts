import { Entity, Index } from 'typeorm';
import { Flag, Id, Int, LongText, Moment, Ref, Text } from '../database/columns.js';

/** A virtual machine; who sets which column stands in contracts/compute/virtual-machine.state. */
@Entity('virtual_machine')
// Pages in the order of ids and totals, read from the index alone: of a tenant, and of a domain without its projects.
@Index('vm_account_page', ['accountId', 'id', 'state'])
@Index('vm_domain_page', ['domainId', 'id', 'state', 'accountId'])
@Index('vm_host', ['hostId', 'state'])
@Index('vm_zone', ['zoneId'])
@Index('vm_name', ['name'])
@Index('vm_power', ['state', 'observedPower'])
@Index('vm_crashed', ['crashedAt'])
@Index('vm_user_data', ['userDataId'])
@Index('vm_iso', ['isoId'])
export class VirtualMachineEntity {
  @Id() id!: string;
  @Text() name!: string;
  @Text() displayName!: string;
  /** Domain name on hosts: `<instance>-<account>-<short id>`. */
  @Text(60) instanceName!: string;
  @Ref() accountId!: string;
  @Ref() domainId!: string;
  @Ref({ nullable: true }) userId!: string | null;
  @Ref() zoneId!: string;
  @Ref({ nullable: true }) hostId!: string | null;
  @Ref({ nullable: true }) lastHostId!: string | null;
  /** The host asked for by `hostid`, for this start only. */
  @Ref({ nullable: true }) requestedHostId!: string | null;
  @Ref() templateId!: string;
  /** In its CD drive. */
  @Ref({ nullable: true }) isoId!: string | null;
  @Ref() serviceOfferingId!: string;
  @Int() cpuCount!: number;
  @Int() cpuMhz!: number;
  @Int() memoryMib!: number;
  @Text(20) state!: string;
  /** on or off. */
  @Text(10) desiredPower!: string;
  /** running, paused, off, absent or unknown. */
  @Text(10) observedPower!: string;
  @Moment({ nullable: true }) observedAt!: Date | null;
  /** When it ended without having been asked to, and without its guest's wish; null again when it runs. */
  @Moment({ nullable: true }) crashedAt!: Date | null;
  @Ref({ nullable: true }) operationId!: string | null;
  @Text(255, { nullable: true }) groupName!: string | null;
  /** Sealed. */
  @LongText({ nullable: true }) userDataSealed!: string | null;
  /** The record that it was copied from. */
  @Ref({ nullable: true }) userDataId!: string | null;
  /** Values of variables in it, JSON, sealed. */
  @LongText({ nullable: true }) userDataDetailsSealed!: string | null;
  /** Public keys, one per line. */
  @LongText({ nullable: true }) publicKeys!: string | null;
  /** Names of the key pairs, comma-joined. */
  @Text(1024, { nullable: true }) keyPairNames!: string | null;
  /**
   * How often its keys or its user data were reset: the guest takes each as a new instance, since it reads keys and runs
   * user data once per instance.
   */
  @Int({ default: 0 }) seedResets!: number;
  @Flag() displayVm!: boolean;
  /** Null: that of its service offering. */
  @Int({ nullable: true }) haPriority!: number | null;
  @Moment() createdAt!: Date;
  @Moment({ nullable: true }) destroyedAt!: Date | null;
}

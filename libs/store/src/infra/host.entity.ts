import { Column, Entity, Index } from 'typeorm';
import { BigInt64, Id, Int, LongText, Moment, Ref, Text } from '../database/columns.js';

/**
 * A hypervisor host.
 *
 * | column | who sets it |
 * |---|---|
 * | state | `transition()` |
 * | allocation_state, allocation_before, maintenance_operation_id | updateHost; the maintenance operations |
 * | *_total, boot_id, versions, last_heartbeat_at, watchdog_* | enrolment and heartbeat intake |
 * | *_reserved | the reservation transactions alone |
 * | fence_epoch | the declaration of a fenced host |
 */
@Entity('host')
@Index('host_natural_key', ['naturalKey'], { unique: true })
@Index('host_cluster', ['clusterId'])
@Index('host_zone_state', ['zoneId', 'state'])
@Index('host_heartbeat', ['state', 'lastHeartbeatAt'])
// Which tags there are.
@Index('host_tags', ['tags', 'state'])
export class HostEntity {
  @Id() id!: string;
  @Text() name!: string;
  @Ref() zoneId!: string;
  @Ref() podId!: string;
  @Ref() clusterId!: string;
  @Text(20) hypervisor!: string;
  @Text(20) state!: string;
  /** Enabled, Disabled, PrepareForMaintenance or Maintenance: CloudStack's resource state. */
  @Text(30) allocationState!: string;
  /** What it is again after its maintenance; null outside of one. */
  @Text(30, { nullable: true }) allocationBefore!: string | null;
  /** The operation that closed it for maintenance; null outside of one. */
  @Ref({ nullable: true }) maintenanceOperationId!: string | null;
  /** The URL given to addHost: calls with the same one join or find this host. Removed hosts give it up. */
  @Text(255, { nullable: true }) naturalKey!: string | null;
  /** Base URL of the agent. */
  @Text(255, { nullable: true }) agentUrl!: string | null;
  @Text(45, { nullable: true }) ipAddress!: string | null;
  /** Where tunnels to other hosts start; its address when null. */
  @Text(45, { nullable: true }) tunnelAddress!: string | null;
  /** Of the enrolled certificate; rises with each enrolment. */
  @Int({ default: 0 }) incarnation!: number;
  @Text(64, { nullable: true }) certificateSerial!: string | null;
  /** Of a renewal under way; until it has ended either serial counts. */
  @Text(64, { nullable: true }) nextCertificateSerial!: string | null;
  @Moment({ nullable: true }) certificateExpiresAt!: Date | null;
  @Int({ default: 0 }) fenceEpoch!: number;
  @Text(64, { nullable: true }) bootId!: string | null;
  @Text(20, { nullable: true }) accelerator!: string | null;
  @Text(64, { nullable: true }) agentVersion!: string | null;
  @Text(64, { nullable: true }) hypervisorVersion!: string | null;
  @Int({ default: 0 }) cpuCount!: number;
  @Int({ default: 0 }) cpuMhz!: number;
  @BigInt64({ default: 0 }) memoryMib!: number;
  /** Reserved by placements, in MHz over all processors. */
  @BigInt64({ default: 0 }) cpuMhzReserved!: number;
  @BigInt64({ default: 0 }) memoryMibReserved!: number;
  /** Measured. */
  @Column({ type: 'float', nullable: true }) cpuPercentUsed!: number | null;
  @BigInt64({ nullable: true }) memoryMibUsed!: number | null;
  /** Comma-joined. */
  @Text(255, { nullable: true }) tags!: string | null;
  @Moment({ nullable: true }) lastHeartbeatAt!: Date | null;
  /** Of the hardware watchdog that was armed at the last heartbeat, see the heartbeat; null: none was. */
  @Int({ nullable: true }) watchdogPeriodMs!: number | null;
  @Int({ nullable: true }) watchdogLeaseMs!: number | null;
  @Ref({ nullable: true }) operationId!: string | null;
  /** Sealed JSON of what enrolment needs (password, token), erased when its step ends. */
  @LongText({ nullable: true }) enrolmentSealed!: string | null;
  @Moment() createdAt!: Date;
}

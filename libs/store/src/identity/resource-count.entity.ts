import { Entity, PrimaryColumn } from 'typeorm';
import { BigInt64 } from '../database/columns.js';

/** How much of a kind an account or domain has, and may have. ROOT has no row: it is no bottleneck. */
@Entity('resource_count')
export class ResourceCountEntity {
  /** account or domain. */
  @PrimaryColumn({ type: 'varchar', length: 10 }) ownerType!: string;
  @PrimaryColumn({ type: 'char', length: 36 }) ownerId!: string;
  /** user_vm, volume, network, template, cpu, memory, primary_storage. */
  @PrimaryColumn({ type: 'varchar', length: 30 }) resource!: string;
  @BigInt64({ default: 0 }) used!: number;
  /** -1: no limit. */
  @BigInt64({ default: -1 }) limit!: number;
}

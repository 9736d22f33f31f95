import { Entity, Index } from 'typeorm';
import { Flag, Id, Moment, Ref, Text } from '../database/columns.js';

/** A machine's interface, bound to its MAC and address for life. The unique key is the address plan. */
@Entity('nic')
@Index('nic_network_ip', ['networkId', 'ip'], { unique: true })
@Index('nic_mac', ['mac'], { unique: true })
@Index('nic_vm', ['vmId'])
export class NicEntity {
  @Id() id!: string;
  @Ref() vmId!: string;
  @Ref() networkId!: string;
  @Text(17) mac!: string;
  @Text(45) ip!: string;
  /** Tap device on the host. */
  @Text(15) tap!: string;
  @Flag() isDefault!: boolean;
  @Moment() createdAt!: Date;
}

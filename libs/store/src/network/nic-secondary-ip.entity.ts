import { Entity, Index } from 'typeorm';
import { Id, Moment, Ref, Text } from '../database/columns.js';

/** A further address of an interface. No interface has it as its own: see nic-plan.ts. */
@Entity('nic_secondary_ip')
@Index('nic_secondary_ip_network_ip', ['networkId', 'ip'], { unique: true })
@Index('nic_secondary_ip_nic', ['nicId'])
export class NicSecondaryIpEntity {
  @Id() id!: string;
  @Ref() nicId!: string;
  /** That of the interface. */
  @Ref() networkId!: string;
  @Text(45) ip!: string;
  @Moment() createdAt!: Date;
}

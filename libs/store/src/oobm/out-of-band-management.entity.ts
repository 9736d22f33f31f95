import { Entity } from 'typeorm';
import { Flag, Id, Int, Moment, Text } from '../database/columns.js';

/** The management controller of a host. Its password is sealed, and in no list. */
@Entity('out_of_band_management')
export class OutOfBandManagementEntity {
  @Id() hostId!: string;
  /** ipmitool or redfish. */
  @Text(20) driver!: string;
  @Text(255) address!: string;
  @Int() port!: number;
  @Text(255) username!: string;
  @Text(1024) passwordSealed!: string;
  /** What the password is being changed to: until that has ended either may be the right one. */
  @Text(1024, { nullable: true }) nextPasswordSealed!: string | null;
  /** SHA-256 of a Redfish controller's certificate, hexadecimal. */
  @Text(64, { nullable: true }) fingerprint!: string | null;
  @Flag() enabled!: boolean;
  /** On, Off or Unknown, as it was last read. */
  @Text(20) powerState!: string;
  @Moment({ nullable: true }) powerReadAt!: Date | null;
  /** The last action that was asked for. */
  @Text(10, { nullable: true }) lastAction!: string | null;
  @Moment() createdAt!: Date;
}

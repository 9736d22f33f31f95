/** A guest's port on a network: the only MAC and addresses that may speak through its tap. */
import { networkSpec, nicSpec, type NicSpec } from '@durastack/contracts/agent/specs';
import { z } from 'zod';

/** See the module's comment. */
export const port = z.object({
  vmId: z.uuid(),
  nicId: nicSpec.shape.id,
  networkId: networkSpec.shape.id,
  driver: networkSpec.shape.driver,
  bridge: networkSpec.shape.bridge,
  vlan: networkSpec.shape.vlan,
  tap: nicSpec.shape.tap,
  mac: nicSpec.shape.mac,
  ip: nicSpec.shape.ip,
  secondaryIps: nicSpec.shape.secondaryIps,
});
/** See {@link port}. */
export type Port = z.infer<typeof port>;

/** The port of a machine's interface. */
export function portOf(vmId: string, nic: NicSpec): Port {
  const { network } = nic;
  return {
    vmId,
    nicId: nic.id,
    networkId: network.id,
    driver: network.driver,
    bridge: network.bridge,
    vlan: network.vlan,
    tap: nic.tap,
    mac: nic.mac,
    ip: nic.ip,
    secondaryIps: nic.secondaryIps,
  };
}

/** Every address that may speak through the port. */
export function addressesOf({ ip, secondaryIps = [] }: Port): readonly string[] {
  return [ip, ...secondaryIps];
}

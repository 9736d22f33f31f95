/** VPC offerings: what VPCs can do, and the one that every control plane begins with. */
import { HOST_SERVICES, serviceNameOf } from './network-offerings.js';

/** Services that a VPC offering may have; those of {@link DEFAULT_VPC_OFFERING} when none are named. */
export const VPC_SERVICES = [
  ...HOST_SERVICES,
  ...(['SourceNat', 'StaticNat', 'PortForwarding', 'Lb', 'Vpn', 'NetworkACL'] as const),
] as const;

/** CloudStack's spelling of a service of VPCs, compared without case; undefined for a name that is none. */
export function vpcServiceNameOf(name: string): string | undefined {
  const known = serviceNameOf(name);
  return (VPC_SERVICES as readonly (string | undefined)[]).includes(known) ? known : undefined;
}

/** The offering of the product's own, under the name that CloudStack's clients know. Its id is for ever. */
export const DEFAULT_VPC_OFFERING = {
  id: '0ff00000-0000-4000-8001-000000000001',
  name: 'Default VPC offering',
  displayText: 'VPC with source NAT, static NAT, port forwarding, load balancing, VPN and network ACLs',
  services: VPC_SERVICES,
} as const;

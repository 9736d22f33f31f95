import type { HostRoom } from '@durastack/contracts/infra/rolling-scene';

const sum = (hosts: readonly HostRoom[], of: (host: HostRoom) => number) =>
  hosts.reduce((total, host) => total + of(host), 0);

/**
 * Whether all that is given out on these hosts still fits when one of them leaves and then, `spare` times, the largest
 * of the rest is lost: N+1 is `spare` 1. By sums, without regard to how machines divide over hosts.
 */
export function fitsWithout(hosts: readonly HostRoom[], leavingId: string, spare: number): boolean {
  const rest = hosts.filter(({ id }) => id !== leavingId);
  const fits = (capacity: (host: HostRoom) => number, reserved: (host: HostRoom) => number): boolean => {
    const lost = rest
      .map(capacity)
      .sort((a, b) => b - a)
      .slice(0, spare);
    const left = sum(rest, capacity) - lost.reduce((total, size) => total + size, 0);
    return sum(hosts, reserved) <= left;
  };
  return (
    fits(
      ({ cpuMhz }) => cpuMhz,
      ({ cpuMhzReserved }) => cpuMhzReserved,
    ) &&
    fits(
      ({ memoryMib }) => memoryMib,
      ({ memoryMibReserved }) => memoryMibReserved,
    )
  );
}

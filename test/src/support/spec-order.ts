/**
 * The order in which spec files begin, when two run at a time: long ones first, so that none is left for the end alone.
 * Specs of the lab come one after the other, for they share one lab and would only wait for it; so do those that load
 * both processors by themselves, among these.
 */

/** At a time; most of a spec's time is waiting, for guests that boot and for silence to be noticed. */
export const WORKERS = 2;

/** Seconds that the long ones took by themselves on two cores; all others count as short. Only their order matters. */
const SECONDS: Readonly<Record<string, number>> = {
  'test/src/lab/control-plane-away.spec.ts': 1_060,
  'test/src/crash/crash-matrix-machines.spec.ts': 500,
  'test/src/crash/crash-matrix.spec.ts': 340,
  'test/src/crash/crash-matrix-hosts.spec.ts': 370,
  'test/src/lab/faults.spec.ts': 213,
  'test/src/lab/ha-degraded.spec.ts': 180,
  'test/src/ha/ha.spec.ts': 150,
  'test/src/e2e/migration.spec.ts': 131,
  'test/src/outage/outages.spec.ts': 131,
  'apps/api/src/identity/authorisation.spec.ts': 115,
  'test/src/crash/temporal-hands.spec.ts': 111,
  'test/src/e2e/libvirt.spec.ts': 109,
  'test/src/arch/adding-an-operation.spec.ts': 108,
  'test/src/chaos/chaos.spec.ts': 97,
  'libs/drivers/src/libvirt/unprivileged-qemu.spec.ts': 94,
  'test/src/clients/ansible.spec.ts': 90,
  'test/src/doctor/doctor-cloud.spec.ts': 83,
  'test/src/ha/deaths.spec.ts': 75,
  'test/src/lab/twice.spec.ts': 75,
  'apps/cli/src/commands/up.spec.ts': 68,
  'test/src/hostile/authorisation-matrix.spec.ts': 68,
  'libs/drivers/src/libvirt/rbd-conformance.spec.ts': 67,
  'test/src/e2e/volume-migration.spec.ts': 63,
  'test/src/outage/recovery.spec.ts': 61,
  'test/src/infra/ssh-installer.spec.ts': 60,
  'test/src/lab/post-copy.spec.ts': 60,
  'apps/cli/src/commands/sim.spec.ts': 59,
  'test/src/e2e/resilience.spec.ts': 59,
  'test/src/bench/bench.spec.ts': 57,
  'test/src/fairness/hung-hosts.spec.ts': 56,
  'test/src/lab/live-migration.spec.ts': 56,
  'test/src/lab/maintenance.spec.ts': 56,
  'test/src/oobm/out-of-band-management.spec.ts': 47,
  'libs/drivers/src/image/tiny-image.spec.ts': 46,
  'test/src/clients/clients.spec.ts': 40,
  'test/src/maintenance/maintenance.spec.ts': 40,
  'test/src/lab/lab.spec.ts': 33,
  'test/src/lab/traces.spec.ts': 33,
  'libs/drivers/src/libvirt/volume-copy/volume-copy.spec.ts': 32,
  'test/src/lab/network.spec.ts': 31,
};
const SHORT_SECONDS = 10;
const LAB = 'test/src/lab/';
const HEAVY: ReadonlySet<string> = new Set([
  'test/src/chaos/chaos.spec.ts',
  'test/src/fairness/hung-hosts.spec.ts',
  'test/src/fairness/order-and-fairness.spec.ts',
  'test/src/outage/outages.spec.ts',
  'test/src/outage/recovery.spec.ts',
]);
const takesTurns = (path: string): boolean => path.startsWith(LAB) || HEAVY.has(path);

/** Orders paths from the root of the repository, as workers that become free would best take them. */
export function orderSpecs(paths: readonly string[], workers = WORKERS): string[] {
  const seconds = (path: string): number => SECONDS[path] ?? SHORT_SECONDS;
  const byLength = (a: string, b: string): number => seconds(b) - seconds(a) || (a < b ? -1 : 1);
  const inTurn = paths.filter(takesTurns).sort(byLength);
  const others = paths.filter((path) => !takesTurns(path)).sort(byLength);
  const freeAt = Array.from({ length: workers }, () => 0);
  let turnEndsAt = 0;
  const order: string[] = [];
  while (order.length < paths.length) {
    const now = Math.min(...freeAt);
    const next = (turnEndsAt <= now ? inTurn.shift() : undefined) ?? others.shift() ?? inTurn.shift() ?? '';
    order.push(next);
    freeAt[freeAt.indexOf(now)] = now + seconds(next);
    if (takesTurns(next)) turnEndsAt = now + seconds(next);
  }
  return order;
}

/**
 * The order in which spec files begin, when two run at a time: long ones first, so that none is left for the end alone.
 * Specs of the lab come one after the other, for they share one lab and would only wait for it; so do those that load
 * both processors by themselves, among these.
 */

/** At a time; most of a spec's time is waiting, for guests that boot and for silence to be noticed. */
export const WORKERS = 2;

/** Seconds that the long ones take, two at a time on two cores; all others count as short. */
const SECONDS: Readonly<Record<string, number>> = {
  'test/src/lab/control-plane-away.spec.ts': 1_084,
  'test/src/lab/ha.spec.ts': 340,
  'test/src/e2e/libvirt.spec.ts': 239,
  'test/src/crash/crash-matrix-machines.spec.ts': 232,
  'test/src/lab/proofs.spec.ts': 226,
  'libs/drivers/src/libvirt/unprivileged-qemu.spec.ts': 203,
  'test/src/lab/ha-degraded.spec.ts': 194,
  'test/src/crash/crash-matrix-hosts.spec.ts': 174,
  'test/src/lab/stopped-with-volume.spec.ts': 156,
  'test/src/fairness/hung-hosts.spec.ts': 154,
  'test/src/crash/crash-matrix.spec.ts': 153,
  'test/src/lab/faults.spec.ts': 150,
  'test/src/ha/ha.spec.ts': 147,
  'test/src/ha/deaths.spec.ts': 141,
  'test/src/lab/with-volume.spec.ts': 141,
  'test/src/bench/bench.spec.ts': 140,
  'test/src/crash/temporal-hands.spec.ts': 133,
  'test/src/chaos/chaos.spec.ts': 124,
  'test/src/doctor/doctor-cloud.spec.ts': 122,
  'test/src/outage/outages.spec.ts': 122,
  'test/src/lab/volume-migration.spec.ts': 119,
  'test/src/clients/ansible.spec.ts': 115,
  'apps/cli/src/commands/up.spec.ts': 108,
  'test/src/drs/drs-troubles.spec.ts': 106,
  'test/src/lab/live-migration.spec.ts': 106,
  'test/src/lab/chaos.spec.ts': 101,
  'libs/drivers/src/libvirt/rbd-conformance.spec.ts': 97,
  'test/src/crash/attention.spec.ts': 89,
  'test/src/lab/controllers.spec.ts': 88,
  'test/src/lab/twice.spec.ts': 88,
  'test/src/lab/post-copy.spec.ts': 85,
  'test/src/lab/drs.spec.ts': 80,
  'test/src/lab/ceph.spec.ts': 76,
  'apps/api/src/identity/authorisation.spec.ts': 72,
  'test/src/e2e/post-copy.spec.ts': 65,
  'test/src/e2e/resilience.spec.ts': 65,
  'libs/drivers/src/rbd/rbd-pool.spec.ts': 64,
  'test/src/lab/traces.spec.ts': 63,
  'test/src/arch/adding-an-operation.spec.ts': 62,
  'libs/drivers/src/image/tiny-image.spec.ts': 61,
  'test/src/lab/maintenance.spec.ts': 61,
  'test/src/lab/lab.spec.ts': 56,
  'libs/drivers/src/libvirt/migration/migration.spec.ts': 54,
  'test/src/e2e/with-volume-migration.spec.ts': 52,
  'test/src/e2e/migration.spec.ts': 50,
  'test/src/maintenance/maintenance.spec.ts': 48,
  'test/src/outage/recovery.spec.ts': 47,
  'test/src/fairness/order-and-fairness.spec.ts': 44,
  'test/src/lab/network.spec.ts': 44,
  'libs/drivers/src/libvirt/conformance.spec.ts': 43,
  'test/src/infra/ssh-installer.spec.ts': 43,
  'test/src/e2e/lifecycle.spec.ts': 42,
  'test/src/hostile/authorisation-matrix.spec.ts': 37,
  'test/src/clients/clients.spec.ts': 34,
  'test/src/e2e/volume-migration.spec.ts': 34,
  'test/src/drs/drs.spec.ts': 32,
  'libs/drivers/src/libvirt/migration/migration-to-ceph.spec.ts': 30,
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

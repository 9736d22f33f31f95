import type { RunShape } from './run.js';
import type { RunWishes } from './report.js';

/** What runs look like on each kind of host. Real guests need seconds to boot, so there are few of them. */
export const SHAPES: Readonly<Record<RunWishes['hosts'], RunShape>> = {
  simulator: { tenants: 4, slotsPerTenant: 10, callsPerSecond: 4.5, faultGapMs: [1_000, 3_500], forcedShare: 0.5 },
  lab: { tenants: 3, slotsPerTenant: 2, callsPerSecond: 0.45, faultGapMs: [1_500, 6_000], forcedShare: 1 },
  libvirt: { tenants: 2, slotsPerTenant: 4, callsPerSecond: 0.45, faultGapMs: [1_500, 3_500], forcedShare: 1 },
};

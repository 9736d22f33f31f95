/** The faults that a host has, in a file of its folder: cables stay pulled over power cycles. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import type { Cables } from '../lab-plan.js';
import { hostFiles } from './host-spec.js';

/** What can happen to a host. */
export const FAULTS = ['power', 'network', 'storage', 'agent', 'bmc'] as const;
/** See {@link FAULTS}. */
export type Fault = (typeof FAULTS)[number];

/** The cables that a fault pulls. */
export const PULLED_BY: Readonly<Partial<Record<Fault, readonly (keyof Cables)[]>>> = {
  network: ['management', 'underlay'],
  storage: ['storage'],
};

/** The faults that a host has, apart from being off. */
export function readFaults(hostDirectory: string): readonly Fault[] {
  const file = hostFiles(hostDirectory).faults;
  return existsSync(file) ? z.array(z.enum(FAULTS)).parse(JSON.parse(readFileSync(file, 'utf8'))) : [];
}

/** Writes them anew. */
export function writeFaults(hostDirectory: string, faults: readonly Fault[]): void {
  const file = hostFiles(hostDirectory).faults;
  if (faults.length === 0) rmSync(file, { force: true });
  else writeFileSync(file, `${JSON.stringify([...new Set(faults)])}\n`);
}
